import { ExternalLink } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/input';
import { toast } from '@/components/ui/toasts';
import { useAction } from '@/lib/use-action';
import { beginLogin, pasteLogin, serversKey, useServers } from './mcp-api';

/** Signing in to an MCP server: its page in a new window, and the address it ended at where that cannot come back by itself. */
export function McpSignIn({ name, close }: { name: string; close(): void }) {
  const { t } = useTranslation('skills');
  const common = useTranslation('common').t;
  const [pasted, setPasted] = useState('');
  const begin = useAction(() => beginLogin(name), { silent: true });
  const paste = useAction(() => pasteLogin(name, pasted.trim()), { silent: true, refresh: [serversKey] });
  const begun = begin.data;
  const login = useServers().data?.servers.find((each) => each.name === name)?.login;
  const now = login && login.id === begun?.id ? login : begun;
  const state = paste.data?.id === begun?.id ? (paste.data?.state ?? now?.state) : now?.state;
  useEffect(() => {
    if (state !== 'signed-in') return;
    toast.good(t('mcp.signedIn', { name }));
    close();
  }, [state, name, close, t]);
  const fault = begin.error ?? paste.error;
  const problem = fault ? wordsOf(fault, common) : state === 'failed' ? (paste.data?.error ?? now?.error) : undefined;
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={t('mcp.signInTo', { name })}
      description={t('mcp.signIn.text')}
    >
      <div className="grid gap-4 pb-3">
        {problem && (
          <p role="alert" className="break-words text-bad text-sm">
            {problem}
          </p>
        )}
        {state === 'waiting' && begun ? (
          <>
            <div>
              <Button asChild look="primary">
                <a href={begun.url} target="_blank" rel="noreferrer">
                  <ExternalLink aria-hidden />
                  {t('mcp.open')}
                </a>
              </Button>
            </div>
            <form
              className="grid gap-3"
              onSubmit={(event: FormEvent) => {
                event.preventDefault();
                if (pasted.trim()) paste.mutate();
              }}
            >
              <Field label={t('mcp.pasted')} hint={t('mcp.pastedHint')}>
                <Textarea
                  className="font-mono"
                  rows={3}
                  spellCheck={false}
                  autoComplete="off"
                  value={pasted}
                  onChange={(event) => setPasted(event.target.value)}
                />
              </Field>
              <div>
                <Button type="submit" busy={paste.isPending} disabled={!pasted.trim()}>
                  {t('mcp.paste')}
                </Button>
              </div>
            </form>
          </>
        ) : (
          <div>
            <Button look="primary" busy={begin.isPending} onClick={() => begin.mutate()}>
              {t(begun ? 'mcp.again' : 'mcp.begin')}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}
