import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { arrival, arriveNow } from '@/client/arrival';
import { Button } from '@/components/ui/button';
import { useStore } from '@/lib/store';
import { useNow } from '@/lib/use-now';
import { Mark } from './mark';

const SLOW_MS = 3000;

/** What is shown until the gateway has said who is signed in. */
export function Arriving() {
  const { t } = useTranslation('common');
  const { failures, retryAt } = useStore(arrival);
  const [late, setLate] = useState(false);
  const now = useNow(1000);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  const slow = late || failures > 0;
  const seconds = retryAt ? Math.max(0, Math.ceil((retryAt - now) / 1000)) : 0;
  return (
    <main className="grid min-h-full content-center justify-items-center gap-3 px-5 pb-28 text-center">
      <h1 className="flex items-center gap-3 font-semibold text-2xl">
        <Mark className="size-10" />
        Crawdad
      </h1>
      <p role="status" className="max-w-md">
        {t(slow ? 'arrival.slow' : 'connection.connecting')}
      </p>
      {slow && <p className="max-w-md text-ink-soft text-sm">{t('arrival.slowText')}</p>}
      {failures > 0 && (
        <div className="flex flex-wrap items-center justify-center gap-3 text-sm">
          <span className="numbers text-ink-soft" aria-hidden>
            {seconds > 0 ? t('connection.in', { seconds }) : t('connection.connecting')}
          </span>
          <Button size="small" disabled={!retryAt} onClick={arriveNow}>
            {t('tryAgain')}
          </Button>
        </div>
      )}
    </main>
  );
}
