import { Plus, X } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './ui/button';
import { Input, Select } from './ui/input';

export const limitUnits = ['usd', 'tokens', 'requests'] as const;
export const limitPeriods = ['minute', 'day', 'month', 'total'] as const;

export interface LimitValue {
  unit: (typeof limitUnits)[number];
  period: (typeof limitPeriods)[number];
  limit: number;
}

/** Whether it is a limit: an empty field is none, and would be no limit at all. */
export const isAmount = (value: LimitValue): boolean => Number.isFinite(value.limit) && value.limit >= 0;

interface LimitsFieldProps {
  label: ReactNode;
  hint?: ReactNode;
  value: readonly LimitValue[];
  onChange(value: LimitValue[]): void;
}

/** Amounts of money, tokens or requests in a span of time. */
export function LimitsField({ label, hint, value, onChange }: LimitsFieldProps) {
  const { t } = useTranslation('common');
  const id = useId();
  const put = (place: number, change: Partial<LimitValue>) =>
    onChange(value.map((each, at) => (at === place ? { ...each, ...change } : each)));
  return (
    <fieldset aria-describedby={hint ? id : undefined} className="grid gap-1.5">
      <legend className="mb-1 font-medium text-sm">{label}</legend>
      {value.map((each, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an entry has nothing else that is its own
        <div key={place} className="flex items-center gap-2">
          <Input
            type="number"
            min={0}
            step="any"
            aria-label={t('limit.amount')}
            aria-invalid={isAmount(each) ? undefined : true}
            aria-describedby={isAmount(each) ? undefined : `${id}-error`}
            className="numbers min-w-20 flex-1"
            value={Number.isFinite(each.limit) ? each.limit : ''}
            onChange={(event) => put(place, { limit: event.target.valueAsNumber })}
          />
          <Select
            aria-label={t('limit.unit')}
            className="w-auto flex-1"
            value={each.unit}
            onChange={(event) => put(place, { unit: event.target.value as LimitValue['unit'] })}
          >
            {limitUnits.map((unit) => (
              <option key={unit} value={unit}>
                {t(`limit.unit.${unit}`)}
              </option>
            ))}
          </Select>
          <Select
            aria-label={t('limit.period')}
            className="w-auto flex-1"
            value={each.period}
            onChange={(event) => put(place, { period: event.target.value as LimitValue['period'] })}
          >
            {limitPeriods.map((period) => (
              <option key={period} value={period}>
                {t(`limit.period.${period}`)}
              </option>
            ))}
          </Select>
          <Button
            look="quiet"
            size="small-icon"
            aria-label={t('remove')}
            onClick={() => onChange(value.filter((_, at) => at !== place))}
          >
            <X aria-hidden />
          </Button>
        </div>
      ))}
      {!value.every(isAmount) && (
        <p id={`${id}-error`} role="alert" className="text-bad text-xs">
          {t('limit.needed')}
        </p>
      )}
      <div>
        <Button size="small" onClick={() => onChange([...value, { unit: 'usd', period: 'day', limit: 5 }])}>
          <Plus aria-hidden />
          {t('limit.add')}
        </Button>
      </div>
      {hint && (
        <p id={id} className="text-ink-faint text-xs">
          {hint}
        </p>
      )}
    </fieldset>
  );
}
