import { useQuery } from '@tanstack/react-query';
import { ListFilter, Search } from 'lucide-react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from '@/client/control';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { countOf, filterNames, fromLocalInput, localInput, outcomes, protocolNames, spans } from './filters';

interface FilterBarProps {
  values: Record<string, string | undefined>;
  set(change: Record<string, string | number | undefined>): void;
  actions: ReactNode;
}

export function FilterBar({ values, set, actions }: FilterBarProps) {
  const { t } = useTranslation('requests');
  const id = useId();
  const count = countOf(values);
  const [open, setOpen] = useState(count > 0);
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <div className="relative min-w-44 flex-1">
          <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-faint" />
          <Late
            type="search"
            aria-label={t('find')}
            placeholder={t('find')}
            className="pl-8"
            value={values.q ?? ''}
            onLate={(q) => set({ q })}
          />
        </div>
        <Select
          aria-label={t('result')}
          className="w-auto"
          value={values.result ?? ''}
          onChange={(event) => set({ result: event.target.value })}
        >
          <option value="">{t('result.any')}</option>
          <option value="errors">{t('result.errors')}</option>
          {outcomes.map((outcome) => (
            <option key={outcome} value={outcome}>
              {t(`outcome.${outcome}`)}
            </option>
          ))}
        </Select>
        <Select
          aria-label={t('span')}
          className="w-auto"
          value={values.since || values.until ? 'own' : (values.span ?? '')}
          onChange={(event) => {
            const own = event.target.value === 'own';
            if (own) setOpen(true);
            set({
              span: own ? undefined : event.target.value,
              since: own ? Date.now() - 86_400_000 : undefined,
              until: undefined,
            });
          }}
        >
          <option value="">{t('span.all')}</option>
          {Object.keys(spans).map((span) => (
            <option key={span} value={span}>
              {t(`span.${span}`)}
            </option>
          ))}
          <option value="own">{t('span.own')}</option>
        </Select>
        <Button aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          <ListFilter aria-hidden />
          {count ? t('filtersSet', { count }) : t('filters')}
        </Button>
        {actions}
      </div>
      <div id={id} hidden={!open}>
        {open && <More values={values} set={set} />}
      </div>
    </div>
  );
}

interface Offers {
  keys: { id: string; name: string }[];
  accounts: { id: string; email: string; provider: string }[];
}

function useOffers(): Offers {
  const keys = useQuery({
    queryKey: ['rest', 'keys', false],
    queryFn: ({ signal }) => rest.get<Pick<Offers, 'keys'>>('/api/keys', { signal }),
    enabled: usePermission('keys.manage'),
  });
  const accounts = useQuery({
    queryKey: ['rest', 'accounts'],
    queryFn: ({ signal }) => rest.get<Pick<Offers, 'accounts'>>('/api/accounts', { signal }),
    enabled: usePermission('accounts.read'),
  });
  return { keys: keys.data?.keys ?? [], accounts: accounts.data?.accounts ?? [] };
}

function More({ values, set }: Omit<FilterBarProps, 'actions'>) {
  const { t } = useTranslation('requests');
  const id = useId();
  const { keys, accounts } = useOffers();
  const models = useCall('models.list', {});
  const providers = [...new Set(accounts.map((account) => account.provider))];
  const none = Object.fromEntries(filterNames.map((name) => [name, undefined]));
  return (
    <div className="grid grid-cols-2 items-end gap-x-3 gap-y-2 rounded-lg border border-line bg-surface p-3 md:grid-cols-4 xl:grid-cols-8">
      <Field label={t('model')}>
        <Late list={`${id}-models`} value={values.model ?? ''} onLate={(model) => set({ model })} />
      </Field>
      <Field label={t('provider')}>
        <Late list={`${id}-providers`} value={values.provider ?? ''} onLate={(provider) => set({ provider })} />
      </Field>
      <Field label={t('account')}>
        <Late list={`${id}-accounts`} value={values.account ?? ''} onLate={(account) => set({ account })} />
      </Field>
      <Field label={t('key')}>
        <Select value={values.key ?? ''} onChange={(event) => set({ key: event.target.value })}>
          <option value="">{t('any')}</option>
          {keys.map((key) => (
            <option key={key.id} value={key.id}>
              {key.name}
            </option>
          ))}
          {values.key && !keys.some((key) => key.id === values.key) && <option value={values.key}>{values.key}</option>}
        </Select>
      </Field>
      <Field label={t('protocol')}>
        <Select value={values.protocol ?? ''} onChange={(event) => set({ protocol: event.target.value })}>
          <option value="">{t('any')}</option>
          {Object.entries(protocolNames).map(([protocol, name]) => (
            <option key={protocol} value={protocol}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t('httpStatus')}>
        <Late inputMode="numeric" value={values.status ?? ''} onLate={(status) => set({ status })} />
      </Field>
      <Field label={t('since')}>
        <Input
          type="datetime-local"
          value={localInput(values.since)}
          onChange={(event) => set({ since: fromLocalInput(event.target.value), span: undefined })}
        />
      </Field>
      <Field label={t('until')}>
        <Input
          type="datetime-local"
          value={localInput(values.until)}
          onChange={(event) => set({ until: fromLocalInput(event.target.value), span: undefined })}
        />
      </Field>
      {countOf(values) > 0 && (
        <Button size="small" className="justify-self-start" onClick={() => set(none)}>
          {t('clearFilters')}
        </Button>
      )}
      <datalist id={`${id}-models`}>
        {models.data?.models.map((model) => (
          <option key={`${model.provider}/${model.id}`} value={`${model.provider}/${model.id}`} />
        ))}
      </datalist>
      <datalist id={`${id}-providers`}>
        {providers.map((provider) => (
          <option key={provider} value={provider} />
        ))}
      </datalist>
      <datalist id={`${id}-accounts`}>
        {accounts.map((account) => (
          <option key={account.id} value={account.email} />
        ))}
      </datalist>
    </div>
  );
}

/** A field whose value counts when the typing pauses. */
function Late({
  value,
  onLate,
  ...props
}: Omit<React.ComponentProps<'input'>, 'value'> & { value: string; onLate(value: string): void }) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    if (typed.trim() !== value) setTyped(value);
  }
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onLate(typed.trim()), 350);
    return () => clearTimeout(timer);
  }, [typed, value, onLate]);
  return <Input {...props} autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />;
}
