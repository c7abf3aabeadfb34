import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { PageBody } from '@/components/page-body';
import { Select } from '@/components/ui/input';
import type { Only } from './api';
import { Breakdown } from './breakdown';
import { Chips } from './chips';
import { OverTime } from './over-time';
import { StatisticsMenu } from './statistics-menu';
import { Sums } from './sums';
import { counts, type PeriodName, periodNames, windowOf } from './window';

export default function StatisticsPage() {
  const { t } = useTranslation('statistics');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const window = useMemo(() => windowOf({ by: values.by, last: values.last }), [values.by, values.last]);
  const only = useMemo<Only>(
    () => ({ key: values.key, account: values.account, model: values.model }),
    [values.key, values.account, values.model],
  );
  return (
    <PageBody
      intro={t('intro')}
      actions={
        <>
          <Select
            aria-label={t('period')}
            className="w-auto"
            value={window.period}
            onChange={(event) => setSearch({ by: event.target.value, last: undefined })}
          >
            {periodNames.map((period) => (
              <option key={period} value={period}>
                {t(`period.${period}`)}
              </option>
            ))}
          </Select>
          <Select
            aria-label={t('span')}
            className="w-auto"
            value={window.count}
            onChange={(event) => setSearch({ by: window.period, last: event.target.value })}
          >
            {counts[window.period as PeriodName].map((count) => (
              <option key={count} value={count}>
                {t(`last.${window.period}`, { count })}
              </option>
            ))}
          </Select>
          <StatisticsMenu />
        </>
      }
    >
      <Chips only={only} />
      <Sums window={window} only={only} />
      <OverTime window={window} only={only} />
      <Breakdown window={window} only={only} />
    </PageBody>
  );
}
