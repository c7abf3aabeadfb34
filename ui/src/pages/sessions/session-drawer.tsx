import { Eraser, MessageSquare, Shrink, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { callKey, control, useCall } from '@/client/control';
import type { SessionRow } from '@/client/control-types';
import { sessionName } from '@/client/session-names';
import { Meter } from '@/components/bars';
import { Facts } from '@/components/facts';
import { Loaded } from '@/components/states';
import { Moment } from '@/components/time';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { agentOf, fullness } from './data';
import { useNames } from './names';

const refresh = [callKey('sessions.list'), callKey('sessions.preview'), callKey('sessions.usage')];

/** One session: its last words, what it used, and what can be done with it. */
export function SessionDrawer({ row, close }: { row: SessionRow; close(): void }) {
  const { t } = useTranslation('sessions');
  const name = sessionName(row);
  const key = row.key;
  const reset = useAction(() => control.call('sessions.reset', { key }), { refresh, done: () => t('resetDone') });
  const compact = useAction(() => control.call('sessions.compact', { key }), {
    refresh,
    done: ({ compacted }) => (compacted ? t('compacted') : t('compactNothing')),
  });
  const remove = useAction(() => control.call('sessions.delete', { key, deleteTranscript: true }), {
    refresh,
    done: () => t('deleted', { name }),
    onDone: close,
  });
  const ask = async (deed: 'reset' | 'delete', run: () => void) => {
    const sure = await confirm({
      title: t(`${deed}.title`, { name }),
      text: t(`${deed}.text`),
      action: t(`${deed}.do`),
      tone: deed === 'reset' ? 'primary' : 'danger',
    });
    if (sure) run();
  };
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={name} description={key} shape="drawer-right">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-6">
        <div className="flex flex-wrap gap-2">
          <Button asChild size="small" look="primary">
            <PageLink to="/chat" search={{ session: key }}>
              <MessageSquare aria-hidden />
              {t('openInChat')}
            </PageLink>
          </Button>
          <Button size="small" busy={compact.isPending} onClick={() => compact.mutate()}>
            <Shrink aria-hidden />
            {t('compact')}
          </Button>
          <Button size="small" busy={reset.isPending} onClick={() => void ask('reset', reset.mutate)}>
            <Eraser aria-hidden />
            {t('reset.do')}
          </Button>
          <Button size="small" busy={remove.isPending} onClick={() => void ask('delete', remove.mutate)}>
            <Trash2 aria-hidden />
            {t('delete')}
          </Button>
        </div>
        <Rename row={row} />
        <Used row={row} />
        <LastWords session={key} />
      </div>
    </Dialog>
  );
}

function Rename({ row }: { row: SessionRow }) {
  const { t } = useTranslation('sessions');
  const [label, setLabel] = useState(row.label ?? '');
  const save = useAction(() => control.call('sessions.patch', { key: row.key, label: label.trim() || null }), {
    refresh,
    done: () => t('saved'),
  });
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Field label={t('label')} className="min-w-0 flex-1">
        <Input value={label} maxLength={64} onChange={(event) => setLabel(event.target.value)} />
      </Field>
      <Button type="submit" busy={save.isPending} disabled={label.trim() === (row.label ?? '')}>
        {t('save')}
      </Button>
    </form>
  );
}

function Used({ row }: { row: SessionRow }) {
  const { t } = useTranslation('sessions');
  const formats = useFormats();
  const query = useCall('sessions.usage', { key: row.key });
  const usage = query.data?.sessions[0]?.usage;
  const share = fullness(row);
  const names = useNames();
  return (
    <>
      {share !== undefined && (
        <div className="grid gap-1">
          <p className="flex justify-between gap-3 text-ink-soft text-sm">
            <span>{t('window')}</span>
            <span className="numbers">
              {t('windowUsed', {
                used: formats.compact(row.totalTokens ?? 0),
                all: formats.compact(row.contextTokens ?? 0),
              })}
            </span>
          </p>
          <Meter share={share} label={t('window')} />
        </div>
      )}
      <Facts
        facts={[
          [t('agent'), names.agent(agentOf(row.key))],
          [t('model'), row.model && `${row.modelProvider ?? ''}/${row.model}`.replace(/^\//, '')],
          [t('channel'), row.channel && names.channel(row.channel)],
          [t('input'), usage && formats.number(usage.input)],
          [t('cached'), usage?.cacheRead ? formats.number(usage.cacheRead) : ''],
          [t('output'), usage && formats.number(usage.output)],
          [t('cost'), usage && formats.money(usage.missingCostEntries && !usage.totalCost ? null : usage.totalCost)],
          [t('last'), <Moment key="last" at={row.updatedAt} />],
        ]}
      />
    </>
  );
}

function LastWords({ session }: { session: string }) {
  const { t } = useTranslation('sessions');
  const query = useCall('sessions.preview', { keys: [session], limit: 12, maxChars: 400 });
  return (
    <section aria-label={t('lastWords')} className="grid gap-3 border-line border-t pt-4">
      <h3 className="font-semibold text-sm">{t('lastWords')}</h3>
      <Loaded query={query}>
        {({ previews }) =>
          previews[0]?.items.length ? (
            <ul className="grid gap-3">
              {previews[0].items.map((item, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: words have no name of their own
                <li key={place}>
                  <p className="font-medium text-ink-faint text-xs">{t(`role.${item.role}`)}</p>
                  <p className="whitespace-pre-wrap break-words text-sm">{item.text}</p>
                </li>
              ))}
            </ul>
          ) : (
            <p className="text-ink-faint text-sm">{t('nothingSaid')}</p>
          )
        }
      </Loaded>
    </section>
  );
}
