import { useTranslation } from 'react-i18next';
import { Status } from '@/components/ui/badge';
import { cn } from '@/lib/cn';
import { useFormats } from '@/lib/format';
import type { Account } from './api';
import { stateOf } from './state';

/** How the account stands, why, and until when. */
export function AccountStatus({ account, now, className }: { account: Account; now: number; className?: string }) {
  const { t, i18n } = useTranslation('accounts');
  const formats = useFormats();
  const state = stateOf(account, now);
  const reasonKey = `reason.${state.reason ?? 'unknown'}`;
  const reason = state.reason ? (i18n.exists(reasonKey, { ns: 'accounts' }) ? t(reasonKey) : state.reason) : undefined;
  const why = [reason, state.words, state.models && listed(state.models)].filter(Boolean).join(' · ');
  return (
    <div className={cn('grid gap-0.5', className)}>
      <Status tone={state.tone}>
        <span className="font-medium text-ink">{t(`state.${state.name}`)}</span>
        {state.until && (
          <span className="numbers ml-1.5" title={formats.dateTime(state.until)}>
            {t('until', { span: formats.duration(Math.max(0, Math.ceil((state.until - now) / 1000) * 1000)) })}
          </span>
        )}
      </Status>
      {why && <p className="break-words pl-3.5 text-ink-soft text-xs">{why}</p>}
    </div>
  );
}

function listed(models: readonly string[]): string {
  const shown = models.slice(0, 3).join(', ');
  return models.length > 3 ? `${shown} +${models.length - 3}` : shown;
}
