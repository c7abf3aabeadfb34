import { RotateCw, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { control, useCall } from '@/client/control';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { useAction } from '@/lib/use-action';
import { type DeadLetter, lettersKey, statusKey } from './data';

/** Events that nothing could be made of; they hold up nobody, and can be looked at anew once what was wrong is mended. */
export function DeadLetters({ label }: { label(channel: string): string }) {
  const { t } = useTranslation('channels');
  const query = useCall('channels.deadLetters.list', {}, { refetchInterval: 30_000 });
  const letters = query.data?.deadLetters ?? [];
  if (!letters.length) return null;
  return (
    <Card title={t('letters', { count: letters.length })} bodyClassName="p-0">
      <p className="border-line border-b px-4 py-2 text-ink-soft text-sm">{t('letters.text')}</p>
      <ul className="divide-y divide-line">
        {letters.map((letter) => (
          <Letter key={letter.id} letter={letter} label={label(letter.channel)} />
        ))}
      </ul>
    </Card>
  );
}

function Letter({ letter, label }: { letter: DeadLetter; label: string }) {
  const { t } = useTranslation('channels');
  const again = useAction(() => control.call('channels.deadLetters.resubmit', { id: letter.id }), {
    refresh: [lettersKey, statusKey],
    done: () => t('letters.again'),
  });
  const drop = useAction(() => control.call('channels.deadLetters.drop', { id: letter.id }), {
    refresh: [lettersKey, statusKey],
    done: () => t('letters.dropped'),
  });
  const askToDrop = async () => {
    const text = t('letters.drop.text');
    if (await confirm({ title: t('letters.drop.title'), text, action: t('letters.drop') })) drop.mutate();
  };
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-3 px-4 py-3">
      <div className="min-w-0">
        <p className="break-words text-sm">{letter.reason}</p>
        <p className="flex flex-wrap gap-x-3 text-ink-faint text-xs">
          <span>{label}</span>
          <span>{letter.accountId}</span>
          {letter.attempts > 0 && <span>{t('letters.attempts', { count: letter.attempts })}</span>}
          <Ago at={letter.receivedAtMs} />
        </p>
        <details className="mt-1">
          <summary className="text-ink-soft text-xs">{t('letters.show')}</summary>
          <pre className="mt-1 max-h-64 overflow-auto rounded bg-sunken p-2 font-mono text-xs">
            {JSON.stringify(letter.event, null, 2)}
          </pre>
        </details>
      </div>
      <div className="flex flex-wrap justify-end gap-2">
        <Button size="small" busy={again.isPending} disabled={drop.isPending} onClick={() => again.mutate()}>
          <RotateCw aria-hidden />
          {t('letters.do')}
        </Button>
        <Button size="small" busy={drop.isPending} disabled={again.isPending} onClick={() => void askToDrop()}>
          <Trash2 aria-hidden />
          {t('letters.drop')}
        </Button>
      </div>
    </li>
  );
}
