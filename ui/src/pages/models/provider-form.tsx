import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSetSearch } from '@/app/links';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select, Textarea } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { everything, modelApi, type ProviderConfig } from './api';
import { apis, presets } from './presets';
import { type ProviderDraft, providerConfig } from './routing';

interface ProviderFormProps {
  id: string | undefined;
  config: ProviderConfig | undefined;
  taken: readonly string[];
  close(): void;
}

/** How a provider is reached. */
export function ProviderForm({ id, config, taken, close }: ProviderFormProps) {
  const { t } = useTranslation('models');
  const common = useTranslation('common').t;
  const setSearch = useSetSearch();
  const [draft, setDraft] = useState<ProviderDraft>(() => ({
    id: id ?? '',
    preset: '',
    baseUrl: config?.baseUrl ?? '',
    apiKey: '',
    api: config?.api ?? 'openai-completions',
    needsKey: config?.auth !== 'none',
    discover: config?.discover !== false,
    models: '',
  }));
  const put = (change: Partial<ProviderDraft>) => setDraft((before) => ({ ...before, ...change }));
  const choose = (name: string) => {
    const preset = presets.find((each) => each.id === name);
    if (!preset) return put({ preset: '' });
    put({ preset: name, id: preset.id, baseUrl: preset.baseUrl, api: preset.api, needsKey: !preset.local });
  };
  const save = useAction(() => modelApi.saveProvider(draft.id.trim(), providerConfig(draft, config)), {
    refresh: everything,
    silent: true,
    done: () => t('saved'),
    onDone: () => (id === undefined ? setSearch({ provider: draft.id.trim() }) : close()),
  });
  const double = id === undefined && taken.includes(draft.id.trim());
  const wrong = double ? t('taken') : draft.id.includes('/') ? t('noSlash') : undefined;
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      {id === undefined && (
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label={t('preset')}>
            <Select value={draft.preset} onChange={(event) => choose(event.target.value)}>
              <option value="">{t('preset.none')}</option>
              <optgroup label={t('preset.local')}>
                {presets
                  .filter((each) => each.local)
                  .map((each) => (
                    <option key={each.id} value={each.id}>
                      {each.name}
                    </option>
                  ))}
              </optgroup>
              <optgroup label={t('preset.vendors')}>
                {presets
                  .filter((each) => !each.local)
                  .map((each) => (
                    <option key={each.id} value={each.id}>
                      {each.name}
                    </option>
                  ))}
              </optgroup>
            </Select>
          </Field>
          <Field label={t('providerId')} hint={t('providerId.hint')} error={wrong} required>
            <Input autoComplete="off" value={draft.id} onChange={(event) => put({ id: event.target.value })} />
          </Field>
        </div>
      )}
      <div className="grid items-start gap-4 sm:grid-cols-[3fr_2fr]">
        <Field label={t('address')} required>
          <Input
            type="url"
            inputMode="url"
            autoComplete="off"
            value={draft.baseUrl}
            onChange={(event) => put({ baseUrl: event.target.value })}
          />
        </Field>
        <Field label={t('api')}>
          <Select value={draft.api} onChange={(event) => put({ api: event.target.value })}>
            {Object.entries(apis).map(([api, name]) => (
              <option key={api} value={api}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Check checked={draft.needsKey} onChange={(needsKey) => put({ needsKey })} label={t('needsKey')} />
      {draft.needsKey && (
        <Field label={t('key')} hint={config?.apiKey ? t('form.secretKept') : t('key.hint')}>
          <Input
            type="password"
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            value={draft.apiKey}
            onChange={(event) => put({ apiKey: event.target.value })}
          />
        </Field>
      )}
      <Check checked={draft.discover} onChange={(discover) => put({ discover })} label={t('discover')} />
      {id === undefined && !draft.discover && (
        <Field label={t('models')} hint={t('models.hint')}>
          <Textarea
            spellCheck={false}
            className="font-mono text-xs"
            value={draft.models}
            onChange={(event) => put({ models: event.target.value })}
          />
        </Field>
      )}
      {save.isError && (
        <p role="alert" className="rounded-md bg-bad-wash px-3 py-2 text-sm">
          {wordsOf(save.error, common)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{t('cancel')}</Button>
        <Button
          type="submit"
          look="primary"
          busy={save.isPending}
          disabled={!draft.id.trim() || !draft.baseUrl.trim() || Boolean(wrong)}
        >
          {t('save')}
        </Button>
      </div>
    </form>
  );
}

function Check({ checked, onChange, label }: { checked: boolean; onChange(on: boolean): void; label: string }) {
  return (
    <label className="flex items-start gap-2 text-sm">
      <input
        type="checkbox"
        className="mt-0.5 accent-accent"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
