import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { accountApi, accountsKey } from './api';
import { vendorOfKey } from './state';
import { compatible, vendors } from './vendors';

const EXAMPLE = 'https://models.example.org/v1';

/** An account by a key that is pasted. */
export function AddByKey({ done }: { done(): void }) {
  const { t } = useTranslation('accounts');
  const common = useTranslation('common').t;
  const [provider, setProvider] = useState('openai');
  const [key, setKey] = useState('');
  const [address, setAddress] = useState('');
  const [label, setLabel] = useState('');
  const [unchecked, setUnchecked] = useState(false);
  const needsAddress = compatible.some((each) => each === provider);
  const add = useAction(
    () =>
      accountApi.add({
        provider,
        apiKey: key.trim() || undefined,
        kind: key.trim() ? undefined : 'none',
        baseUrl: address.trim() || undefined,
        label: label.trim() || undefined,
        validate: !unchecked,
      }),
    {
      refresh: [accountsKey],
      silent: true,
      done: (account) => t('added', { name: account.email }),
      onDone: done,
    },
  );
  const paste = (text: string) => {
    setKey(text);
    const vendor = vendorOfKey(text.trim());
    if (vendor && !needsAddress) setProvider(vendor);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4 pb-3" noValidate>
      <Field label={t('key')} hint={t('key.hint')} required={!needsAddress}>
        <Input
          type="password"
          autoComplete="off"
          spellCheck={false}
          className="font-mono"
          value={key}
          onChange={(event) => paste(event.target.value)}
        />
      </Field>
      <Field label={t('provider')}>
        <Select value={provider} onChange={(event) => setProvider(event.target.value)}>
          <optgroup label={t('vendors')}>
            {vendors.map((vendor) => (
              <option key={vendor.id} value={vendor.id}>
                {vendor.name}
              </option>
            ))}
          </optgroup>
          <optgroup label={t('others')}>
            {compatible.map((each) => (
              <option key={each} value={each}>
                {t(`provider.${each}`)}
              </option>
            ))}
          </optgroup>
        </Select>
      </Field>
      {needsAddress && (
        <Field label={t('address')} required>
          <Input
            type="url"
            inputMode="url"
            placeholder={EXAMPLE}
            value={address}
            onChange={(event) => setAddress(event.target.value)}
          />
        </Field>
      )}
      <Field label={t('label')} hint={t('label.hint')}>
        <Input autoComplete="off" value={label} onChange={(event) => setLabel(event.target.value)} />
      </Field>
      <label className="flex items-start gap-2 text-sm">
        <input
          type="checkbox"
          className="mt-0.5 accent-accent"
          checked={unchecked}
          onChange={(event) => setUnchecked(event.target.checked)}
        />
        <span>
          {t('unchecked')}
          <span className="block text-ink-faint text-xs">{t('unchecked.hint')}</span>
        </span>
      </label>
      {add.isError && (
        <p role="alert" className="rounded-md bg-bad-wash px-3 py-2 text-sm">
          {wordsOf(add.error, common)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={done}>{t('cancel')}</Button>
        <Button
          type="submit"
          look="primary"
          busy={add.isPending}
          disabled={needsAddress ? !address.trim() : !key.trim()}
        >
          {unchecked ? t('addUnchecked') : t('addAndCheck')}
        </Button>
      </div>
    </form>
  );
}
