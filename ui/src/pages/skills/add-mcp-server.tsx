import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input, Select, Textarea } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { isComplete, type NewServer, refreshServers, writtenServer } from './mcp-api';

const empty: NewServer = { transport: 'http', url: '', token: '', command: '', args: '', env: '' };

/** Adds an MCP server: one at an address, or a program on the gateway's machine. */
export function AddMcpServer({ taken, close }: { taken: readonly string[]; close(): void }) {
  const { t } = useTranslation('skills');
  const common = useTranslation('common').t;
  const [name, setName] = useState('');
  const [wanted, setWanted] = useState(empty);
  const set = (part: Partial<NewServer>) => setWanted((before) => ({ ...before, ...part }));
  const save = useAction(() => patchConfig(() => ({ mcp: { servers: { [name.trim()]: writtenServer(wanted) } } })), {
    refresh: refreshServers,
    silent: true,
    done: () => t('mcp.added', { name: name.trim() }),
    onDone: close,
  });
  const known = taken.includes(name.trim());
  const ready = isComplete(name.trim(), wanted) && !known;
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('mcp.add')}>
      <form
        className="grid gap-4 pb-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <Field label={t('mcp.name')} hint={t('mcp.nameHint')} error={known ? t('mcp.taken') : undefined} required>
          <Input autoComplete="off" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('mcp.kind')}>
          <Select
            value={wanted.transport}
            onChange={(event) => set({ transport: event.target.value as NewServer['transport'] })}
          >
            <option value="http">{t('mcp.kind.http')}</option>
            <option value="stdio">{t('mcp.kind.stdio')}</option>
          </Select>
        </Field>
        {wanted.transport === 'http' ? (
          <>
            <Field label={t('mcp.url')} required>
              <Input
                type="url"
                className="font-mono"
                autoComplete="off"
                value={wanted.url}
                onChange={(event) => set({ url: event.target.value })}
              />
            </Field>
            <Field label={t('mcp.token')} hint={t('mcp.tokenHint')}>
              <Input
                type="password"
                autoComplete="off"
                value={wanted.token}
                onChange={(event) => set({ token: event.target.value })}
              />
            </Field>
          </>
        ) : (
          <>
            <Field label={t('mcp.command')} hint={t('mcp.commandHint')} required>
              <Input
                className="font-mono"
                autoComplete="off"
                spellCheck={false}
                value={wanted.command}
                onChange={(event) => set({ command: event.target.value })}
              />
            </Field>
            <Field label={t('mcp.args')} hint={t('mcp.argsHint')}>
              <Textarea
                className="font-mono"
                rows={3}
                spellCheck={false}
                value={wanted.args}
                onChange={(event) => set({ args: event.target.value })}
              />
            </Field>
            <Field label={t('mcp.env')} hint={t('mcp.envHint')}>
              <Textarea
                className="font-mono"
                rows={2}
                spellCheck={false}
                autoComplete="off"
                value={wanted.env}
                onChange={(event) => set({ env: event.target.value })}
              />
            </Field>
          </>
        )}
        {save.isError && (
          <p role="alert" className="text-bad text-sm">
            {wordsOf(save.error, common)}
          </p>
        )}
        <div>
          <Button type="submit" look="primary" busy={save.isPending} disabled={!ready}>
            {t('mcp.addDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
