import { CloudOff, Lock } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { control, useConnection } from '@/client/control';
import { useSession } from '@/client/session';
import { Dot, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { useNow } from '@/lib/use-now';

const tones: Record<string, Tone> = {
  open: 'good',
  connecting: 'warn',
  waiting: 'bad',
  refused: 'bad',
  idle: 'neutral',
};

/** A dot in the header: whether what is shown is live. */
export function ConnectionState() {
  const { t } = useTranslation('common');
  const { state } = useConnection();
  const text = t(`connection.${state}`);
  return (
    <button
      type="button"
      data-connection={state}
      className="inline-flex size-8 items-center justify-center rounded-md"
      aria-label={text}
      title={text}
    >
      <Dot tone={tones[state] ?? 'neutral'} live={state === 'connecting' || state === 'waiting'} />
    </button>
  );
}

/** Without one of these the control channel shows nothing. */
const NEEDED = ['system.read', 'config.read', 'logs.read', 'statistics.read', 'agents.manage'];

/** Above the page: whoever is signed in may not see what most of it is made of, or the gateway does not answer. */
export function ConnectionNotice() {
  const { t } = useTranslation('common');
  const held = useSession()?.principal.permissions ?? NEEDED;
  const lacking = NEEDED.filter((each) => !held.includes(each));
  if (!lacking.length) return <BrokenNotice />;
  return (
    <p role="status" className="flex items-center gap-3 border-line border-b bg-warn-wash px-4 py-1.5 text-sm">
      <Lock aria-hidden className="size-4 shrink-0 text-warn" />
      {t('connection.lacking', { permissions: lacking.join(', ') })}
    </p>
  );
}

/** What is shown may be old. */
function BrokenNotice() {
  const { t } = useTranslation('common');
  const { state, retryAt, generation } = useConnection();
  const now = useNow(1000);
  if (state !== 'waiting' && state !== 'refused' && !(state === 'connecting' && generation > 0)) return null;
  const seconds = Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000));
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-warn-wash px-4 py-1.5 text-sm"
    >
      <CloudOff aria-hidden className="size-4 text-warn" />
      <p className="min-w-0 flex-1">
        {state === 'refused'
          ? t('connection.refusedText')
          : generation > 0
            ? t('connection.lost')
            : t('connection.none')}
      </p>
      <span className="numbers text-ink-soft" aria-hidden>
        {state !== 'connecting' && seconds > 0 ? t('connection.in', { seconds }) : t('connection.connecting')}
      </span>
      <Button size="small" onClick={() => control.retry()}>
        {t('connection.now')}
      </Button>
    </div>
  );
}
