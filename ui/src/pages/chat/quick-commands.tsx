import { useQuery } from '@tanstack/react-query';
import { Plus, Settings2, Trash2, Zap } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Enveloped, rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { wordsOf } from '@/client/words';
import { Empty, Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { Menu, MenuItem, MenuLabel, MenuLine } from '@/components/ui/menu';
import { useAction } from '@/lib/use-action';

interface QuickCommand {
  id: number;
  label: string;
  prompt: string;
  is_system: boolean;
}

const path = '/v1/openclaw/chat/quick-commands';
const listKey = ['rest', 'quick-commands'];
const longest = { label: 100, prompt: 4000 };

function useQuickCommands() {
  const language = useTranslation().i18n.language;
  return useQuery({
    queryKey: [...listKey, language],
    queryFn: ({ signal }) => rest.get<Enveloped<QuickCommand[]>>(path, { signal }),
    select: (answer) => answer.data,
    staleTime: 300_000,
  });
}

/** What is often said, at a touch; and where it is kept. `written` is what stands in the field just now. */
export function QuickCommands({ written, say }: { written: string; say(prompt: string): void }) {
  const { t } = useTranslation('chat');
  const quick = useQuickCommands();
  const mayChange = usePermission('system.manage');
  const [managing, setManaging] = useState(false);
  if (!quick.data || (!quick.data.length && !mayChange)) return null;
  return (
    <>
      <Menu
        align="start"
        trigger={
          <Button look="quiet" size="icon" aria-label={t('quick')}>
            <Zap aria-hidden />
          </Button>
        }
      >
        <MenuLabel>{t('quick')}</MenuLabel>
        {quick.data.map((each) => (
          <MenuItem key={each.id} title={each.prompt} onSelect={() => say(each.prompt)}>
            <span className="max-w-72 truncate">{each.label}</span>
          </MenuItem>
        ))}
        {mayChange && (
          <>
            <MenuLine />
            <MenuItem onSelect={() => setManaging(true)}>
              <Settings2 aria-hidden />
              {t('quick.manage')}
            </MenuItem>
          </>
        )}
      </Menu>
      <Dialog open={managing} onOpenChange={setManaging} title={t('quick')} description={t('quick.about')}>
        <Own />
        <New written={written} />
      </Dialog>
    </>
  );
}

/** Those that people have made; the others are always there. */
function Own() {
  const { t } = useTranslation('chat');
  const quick = useQuickCommands();
  const remove = useAction(
    (command: QuickCommand) => rest.delete(`${path}/{number}`, { path: { number: command.id } }),
    {
      refresh: [listKey],
    },
  );
  return (
    <Loaded query={quick}>
      {(all) => {
        const own = all.filter((each) => !each.is_system);
        if (!own.length) return <Empty icon={Zap} title={t('quick.none')} />;
        return (
          <ul className="divide-y divide-line rounded-md border border-line">
            {own.map((each) => (
              <li key={each.id} className="flex items-center gap-2 py-2 pr-2 pl-3">
                <span className="grid min-w-0 flex-1">
                  <span className="truncate font-medium text-sm">{each.label}</span>
                  <span className="truncate text-ink-soft text-xs">{each.prompt}</span>
                </span>
                <Button
                  look="quiet"
                  size="small-icon"
                  aria-label={t('quick.remove', { name: each.label })}
                  busy={remove.isPending && remove.variables?.id === each.id}
                  onClick={() => remove.mutate(each)}
                >
                  <Trash2 aria-hidden />
                </Button>
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

function New({ written }: { written: string }) {
  const { t } = useTranslation('chat');
  const common = useTranslation('common').t;
  const [label, setLabel] = useState('');
  const [prompt, setPrompt] = useState(written.trim().slice(0, longest.prompt));
  const add = useAction(() => rest.post(path, { body: { label: label.trim(), prompt: prompt.trim() } }), {
    refresh: [listKey],
    silent: true,
    onDone() {
      setLabel('');
      setPrompt('');
    },
  });
  const ready = Boolean(label.trim() && prompt.trim());
  return (
    <form
      className="grid gap-3 py-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (ready) add.mutate();
      }}
    >
      <Field label={t('quick.label')} required>
        <Input value={label} maxLength={longest.label} onChange={(event) => setLabel(event.target.value)} />
      </Field>
      <Field label={t('quick.prompt')} required>
        <Textarea value={prompt} maxLength={longest.prompt} onChange={(event) => setPrompt(event.target.value)} />
      </Field>
      {add.isError && (
        <p role="alert" className="text-bad text-sm">
          {wordsOf(add.error, common)}
        </p>
      )}
      <div>
        <Button type="submit" look="primary" busy={add.isPending} disabled={!ready}>
          <Plus aria-hidden />
          {t('quick.add')}
        </Button>
      </div>
    </form>
  );
}
