import { useTranslation } from 'react-i18next';
import { Meter } from '@/components/bars';
import { type Formats, useFormats } from '@/lib/format';
import { useNow } from '@/lib/use-now';
import type { BudgetTold, Key } from './api';

export function amount(formats: Formats, unit: string, value: number): string {
  return unit === 'usd' ? formats.money(value) : formats.compact(value);
}

/** What is used and left of each budget, those of the keys above as well: they count, too. */
export function Budgets({ owner, keys }: { owner: Key; keys: readonly Key[] }) {
  const { t } = useTranslation('keys');
  const { budgets } = owner;
  if (!budgets.length) return <p className="text-ink-faint text-xs lg:pt-1">{t('noBudget')}</p>;
  return (
    <ul aria-label={t('budgetsOf', { name: owner.name })} className="grid gap-x-5 gap-y-2 sm:grid-cols-2">
      {budgets.map((budget) => (
        <One
          key={`${budget.key_id} ${budget.unit} ${budget.period}`}
          budget={budget}
          from={budget.key_id === owner.id ? undefined : (keys.find((key) => key.id === budget.key_id)?.name ?? '…')}
        />
      ))}
    </ul>
  );
}

function One({ budget, from }: { budget: BudgetTold; from?: string }) {
  const { t } = useTranslation('keys');
  const formats = useFormats();
  const now = useNow();
  const used = (budget.used ?? 0) + (budget.reserved ?? 0);
  const share = budget.limit > 0 ? used / budget.limit : 1;
  const name = t('budgetName', {
    unit: t(`limit.unit.${budget.unit}`),
    period: t(`limit.period.${budget.period}`),
  });
  return (
    <li className="min-w-0">
      <div className="mb-0.5 flex items-baseline gap-2 text-xs">
        <span className="min-w-0 flex-1 truncate text-ink-soft" title={from && t('budgetFrom', { name: from })}>
          {name}
          {from && <span className="text-ink-faint"> · {from}</span>}
        </span>
        <span className="numbers text-ink">
          <span className="font-medium">{budget.used === null ? '–' : amount(formats, budget.unit, used)}</span>
          <span className="text-ink-faint"> / {amount(formats, budget.unit, budget.limit)}</span>
        </span>
      </div>
      <Meter share={share} label={t('budgetUsed', { name })} />
      <p className="numbers mt-0.5 flex justify-between text-ink-faint text-xs">
        <span>
          {budget.left !== null && t('left', { amount: amount(formats, budget.unit, Math.max(0, budget.left)) })}
        </span>
        {budget.resets_at !== null && budget.resets_at * 1000 > now && (
          <span title={formats.dateTime(budget.resets_at * 1000)}>
            {t('resets', { when: formats.relative(budget.resets_at * 1000, now) })}
          </span>
        )}
      </p>
    </li>
  );
}
