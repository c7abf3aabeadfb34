import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { Facts } from '@/components/facts';
import { isAmount, LimitsField, type LimitValue } from '@/components/limits-field';
import { Moment } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { lines } from '@/lib/lines';
import { useAction } from '@/lib/use-action';
import { useNow } from '@/lib/use-now';
import { AccountStatus } from './account-status';
import { type Account, accountApi, accountsKey } from './api';
import { QuotaBars } from './quota-bars';

/** One account: everything that is known of it, and what may be changed. */
export function AccountDrawer({ account, manage, close }: { account: Account; manage: boolean; close(): void }) {
  const { t } = useTranslation('accounts');
  const now = useNow(1000);
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={account.email} shape="drawer-right">
      <div className="grid gap-5 pb-6">
        <AccountStatus account={account} now={now} />
        <section>
          <h3 className="mb-2 font-semibold text-sm">{t('quota')}</h3>
          <QuotaBars account={account} now={now} most={100} />
        </section>
        <Facts
          facts={[
            [t('provider'), account.provider],
            [t('kind'), t(`kind.${account.kind}`)],
            [t('address'), account.base_url],
            [t('usedLast'), <Moment key="used" at={account.last_used * 1000} />],
            [t('addedAt'), <Moment key="added" at={account.created_at * 1000} />],
            [t('quotaAsked'), account.quota && <Moment key="asked" at={account.quota.last_updated * 1000} />],
            [t('id'), <code key="id">{account.id}</code>],
          ]}
        />
        {manage && <EditForm account={account} close={close} />}
      </div>
    </Dialog>
  );
}

function EditForm({ account, close }: { account: Account; close(): void }) {
  const { t } = useTranslation('accounts');
  const common = useTranslation('common').t;
  const [label, setLabel] = useState(account.email);
  const [models, setModels] = useState(account.models.join('\n'));
  const [weight, setWeight] = useState(String(account.weight));
  const [plan, setPlan] = useState(account.plan ?? '');
  const [limits, setLimits] = useState<LimitValue[]>(account.limits as LimitValue[]);
  const save = useAction(
    () =>
      accountApi.change(account.id, {
        label: label.trim(),
        models: lines(models),
        weight: Number(weight) || 0,
        plan: plan.trim() || null,
        limits,
      }),
    { refresh: [accountsKey], silent: true, done: () => t('saved'), onDone: close },
  );
  return (
    <form
      className="grid gap-4 border-line border-t pt-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-[1fr_8rem_8rem]">
        <Field label={t('label')} required>
          <Input value={label} onChange={(event) => setLabel(event.target.value)} />
        </Field>
        <Field label={t('plan')}>
          <Input value={plan} onChange={(event) => setPlan(event.target.value)} />
        </Field>
        <Field label={t('weight')}>
          <Input type="number" min={0} step="any" value={weight} onChange={(event) => setWeight(event.target.value)} />
        </Field>
      </div>
      <Field label={t('models')} hint={t('models.hint')}>
        <Textarea
          spellCheck={false}
          className="font-mono text-xs"
          value={models}
          onChange={(event) => setModels(event.target.value)}
        />
      </Field>
      <LimitsField label={t('limits')} hint={t('limits.hint')} value={limits} onChange={setLimits} />
      {save.isError && (
        <p role="alert" className="rounded-md bg-bad-wash px-3 py-2 text-sm">
          {wordsOf(save.error, common)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={save.isPending} disabled={!label.trim() || !limits.every(isAmount)}>
          {t('save')}
        </Button>
      </div>
    </form>
  );
}
