import { useTranslation } from 'react-i18next';
import { Failed } from '@/components/states';
import { useFormats } from '@/lib/format';
import { type Only, useSummary } from './api';
import type { Window } from './window';

/** The whole span in a few numbers. */
export function Sums({ window, only }: { window: Window; only: Only }) {
  const { t } = useTranslation('statistics');
  const formats = useFormats();
  const query = useSummary(window, only);
  if (query.isError && !query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  const found = query.data;
  const cached = found?.total_input_tokens ? found.cache_read_tokens / found.total_input_tokens : 0;
  const numbers = [
    {
      id: 'requests',
      value: found && formats.number(found.total_requests),
      more: found?.failed_requests ? t('failedToo', { count: found.failed_requests }) : t('noneFailed'),
    },
    {
      id: 'input',
      value: found && formats.compact(found.total_input_tokens),
      more: found && t('fromCache', { share: formats.percent(cached) }),
    },
    {
      id: 'output',
      value: found && formats.compact(found.total_output_tokens),
      more: found?.reasoning_tokens ? t('ofReasoning', { tokens: formats.compact(found.reasoning_tokens) }) : '',
    },
    {
      id: 'cost',
      value: found && formats.money(found.total_cost),
      more: found?.unpriced_requests ? t('unpriced', { count: found.unpriced_requests }) : '',
    },
  ];
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {numbers.map((each) => (
        <div key={each.id} className="min-w-0 rounded-lg border border-line bg-surface px-4 py-3">
          <dt className="text-ink-soft text-sm">{t(`sum.${each.id}`)}</dt>
          <dd className="numbers mt-0.5 truncate font-semibold text-2xl">
            {each.value ?? <span className="skeleton mt-1 block h-6 w-24 rounded" />}
          </dd>
          <dd className="min-h-[1.1rem] text-ink-faint text-xs">{found && each.more}</dd>
        </div>
      ))}
    </dl>
  );
}
