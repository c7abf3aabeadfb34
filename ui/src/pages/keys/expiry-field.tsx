import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';

const DAY = 86_400;
const spans: Readonly<Record<string, number>> = { '7d': 7 * DAY, '30d': 30 * DAY, '90d': 90 * DAY, '1y': 365 * DAY };

interface ExpiryFieldProps {
  value: number | null;
  onChange(value: number | null): void;
  past: boolean;
}

/** Until when a key is valid, in Unix seconds; null: for good. */
export function ExpiryField({ value, onChange, past }: ExpiryFieldProps) {
  const { t } = useTranslation('keys');
  const [choice, setChoice] = useState(value === null ? 'never' : 'date');
  const choose = (next: string) => {
    setChoice(next);
    const span = spans[next];
    if (next === 'never') onChange(null);
    else onChange(Math.floor(Date.now() / 1000) + (span ?? 30 * DAY));
  };
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label={t('expiry')}>
        <Select value={choice} onChange={(event) => choose(event.target.value)}>
          <option value="never">{t('expiry.never')}</option>
          {Object.keys(spans).map((span) => (
            <option key={span} value={span}>
              {t(`expiry.${span}`)}
            </option>
          ))}
          <option value="date">{t('expiry.date')}</option>
        </Select>
      </Field>
      {choice !== 'never' && (
        <Field label={t('expiresOn')} error={past && t('expiresPast')}>
          <Input
            type="datetime-local"
            value={value === null ? '' : local(value)}
            onChange={(event) => {
              const moment = new Date(event.target.value).getTime();
              setChoice('date');
              if (!Number.isNaN(moment)) onChange(moment / 1000);
            }}
          />
        </Field>
      )}
    </div>
  );
}

function local(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
