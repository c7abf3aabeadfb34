import { useTranslation } from 'react-i18next';
import { Meter } from '@/components/bars';
import { useFormats } from '@/lib/format';
import type { Account } from './api';

const toneOf = (left: number) => (left <= 10 ? 'bad' : left <= 30 ? 'warn' : 'good');

/** What is left of each model, the scarcest first, and when it begins anew. */
export function QuotaBars({ account, now, most }: { account: Account; now: number; most: number }) {
  const { t } = useTranslation('accounts');
  const formats = useFormats();
  const models = [...(account.quota?.models ?? [])].sort((a, b) => a.percentage - b.percentage);
  if (!models.length) return <p className="text-ink-faint text-xs lg:pt-1.5">{t('quota.none')}</p>;
  return (
    <ul aria-label={t('quota.of', { name: account.email })} className="grid gap-x-5 gap-y-1.5 sm:grid-cols-2">
      {models.slice(0, most).map((model) => {
        const resets = Date.parse(model.reset_time);
        return (
          <li key={model.name} className="min-w-0">
            <div className="mb-0.5 flex items-baseline gap-2 text-xs">
              <span className="min-w-0 flex-1 truncate text-ink-soft" title={model.name}>
                {model.name}
              </span>
              <span className="numbers font-medium text-ink">{formats.percent(model.percentage / 100)}</span>
              {resets > now && (
                <span className="numbers text-ink-faint" title={formats.dateTime(resets)}>
                  {t('quota.resets', { when: formats.relative(resets, now) })}
                </span>
              )}
            </div>
            <Meter
              share={model.percentage / 100}
              tone={toneOf(model.percentage)}
              label={t('quota.left', { model: model.name })}
            />
          </li>
        );
      })}
      {models.length > most && (
        <li className="text-ink-faint text-xs">{t('quota.more', { count: models.length - most })}</li>
      )}
    </ul>
  );
}
