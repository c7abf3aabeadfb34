import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowDown } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { Failed } from '@/components/states';
import { Badge, Status } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { type Explained, modelApi } from './api';
import { clientProtocols } from './rule-dialog';

/** A name on its way: what catches it, and who is asked in the end. */
export function MappingTester() {
  const { t } = useTranslation('models');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const asked = search.try ?? '';
  const protocol = search.as && search.as in clientProtocols ? search.as : 'openai-chat';
  const [typed, setTyped] = useState(asked);
  const query = useQuery({
    queryKey: ['rest', 'models', 'explain', asked, protocol],
    queryFn: () => modelApi.explain(asked, protocol),
    enabled: Boolean(asked),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSearch({ try: typed.trim() });
    if (typed.trim() === asked) void query.refetch();
  };
  return (
    <Card title={t('tester')}>
      <form onSubmit={submit} noValidate className="grid gap-3">
        <Field label={t('tester.name')}>
          <Input
            list="model-names"
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Field>
        <div className="flex items-end gap-2">
          <Field label={t('tester.as')} className="flex-1">
            <Select value={protocol} onChange={(event) => setSearch({ as: event.target.value })}>
              {Object.entries(clientProtocols).map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          </Field>
          <Button type="submit" look="primary" disabled={!typed.trim()} busy={query.isFetching}>
            {t('tester.do')}
          </Button>
        </div>
      </form>
      <div aria-live="polite" className="mt-4">
        {query.isError ? (
          <Failed error={query.error} />
        ) : (
          asked && query.data && <Way found={query.data} name={asked} />
        )}
      </div>
    </Card>
  );
}

function Way({ found, name }: { found: Explained; name: string }) {
  const { t } = useTranslation('models');
  return (
    <div className="grid gap-3 text-sm">
      <Status tone={found.found ? 'good' : 'bad'}>
        <span className="text-ink">
          {found.found ? t('leadsTo', { model: found.mapped_model }) : t('leadsNowhere')}
        </span>
      </Status>
      {found.reason && <p className="break-words rounded-md bg-bad-wash px-3 py-2">{found.reason}</p>}
      <ol className="grid gap-1">
        <li className="break-words font-mono text-xs">{name}</li>
        {found.steps.map((step, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the steps of one answer
          <li key={place} className="flex items-baseline gap-2 text-xs">
            <ArrowDown aria-hidden className="size-3 shrink-0 self-center text-ink-faint" />
            <Badge>{t(`how.${step.how}`, { by: step.by })}</Badge>
            <span className="min-w-0 break-words font-mono">{step.target}</span>
          </li>
        ))}
      </ol>
      {found.offers.length > 0 && (
        <section>
          <h3 className="mb-1 font-medium text-sm">{t('askedInOrder')}</h3>
          <ol className="grid list-decimal gap-0.5 pl-5 text-xs">
            {found.offers.map((offer, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a model may be offered twice
              <li key={place}>
                <span className="font-mono">{offer.model}</span>
                <span className="text-ink-soft">
                  {' '}
                  · {offer.provider} · {offer.protocol}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}
