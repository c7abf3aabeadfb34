import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callKey, control } from '@/client/control';
import { type Enveloped, rest } from '@/client/rest';
import { Failed } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { useFormats } from '@/lib/format';
import { configOf, nameFor, type Preset, presets } from './presets';

interface Connected {
  model: string;
  latency: number;
  models: string[];
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The provider's own list is asked for after it was saved: wait a little until it is there. */
async function modelsOf(provider: string): Promise<string[]> {
  for (let round = 0; round < 8; round += 1) {
    const { models } = await control.call('models.list', {});
    const own = models.filter((model) => model.provider === provider).map((model) => model.id);
    if (own.length) return own;
    await pause(500);
  }
  return [];
}

const changed = { timeoutMs: 60_000 };

interface Wish {
  name: string;
  baseUrl: string;
  api: Preset['api'];
  key: string;
  model: string;
}

/** Write the provider down, ask it something, and make its model the one that agents ask. What fails leaves nothing behind. */
async function connect({ name, baseUrl, api, key, model }: Wish, choose: string): Promise<Connected> {
  const known = await rest.get<Enveloped<Record<string, unknown>>>('/v1/openclaw/models/config');
  const isNew = !(name in known.data);
  await rest.post('/v1/openclaw/models/provider', { body: { name, config: configOf(baseUrl, api, key) }, ...changed });
  try {
    const models = await modelsOf(name);
    const chosen = model.trim() || models[0];
    if (!chosen) throw new Error(choose);
    const tested = await rest.post<Enveloped<{ latency: number }>>('/v1/openclaw/models/test-direct', {
      body: { providerName: name, modelId: chosen },
      ...changed,
    });
    await rest.post('/v1/openclaw/models/set-default', { body: { modelId: `${name}/${chosen}` }, ...changed });
    return { model: `${name}/${chosen}`, latency: tested.data.latency, models };
  } catch (fault) {
    if (isNew)
      await rest
        .delete('/v1/openclaw/models/provider/{provider}', { path: { provider: name }, ...changed })
        .catch(() => undefined); // what went wrong first is what should be told
    throw fault;
  }
}

export function ConnectModel() {
  const { t } = useTranslation('welcome');
  const formats = useFormats();
  const queries = useQueryClient();
  const list = useId();
  const [id, setId] = useState('openai');
  const preset = presets.find((each) => each.id === id);
  const [address, setAddress] = useState('');
  const [key, setKey] = useState('');
  const [model, setModel] = useState<string>();
  const [fault, setFault] = useState<string>();
  const work = useMutation({
    mutationFn: (wish: Wish) => connect(wish, t('model.which')),
    onSuccess: () => setKey(''),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: callKey('models.list') }),
        queries.invalidateQueries({ queryKey: ['rest'] }),
      ]),
  });
  const baseUrl = address || (preset?.baseUrl ?? '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = preset?.id ?? nameFor(baseUrl);
    if (!name || !/^https?:\/\//.test(baseUrl)) return setFault(t('model.badAddress'));
    if (preset && !preset.local && !key.trim()) return setFault(t('model.needsKey'));
    setFault(undefined);
    work.mutate({ name, baseUrl, api: preset?.api ?? 'openai-completions', key, model: model ?? preset?.model ?? '' });
  };
  const choose = (next: string) => {
    setId(next);
    setAddress('');
    setModel(undefined);
    setFault(undefined);
    work.reset();
  };
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('model.provider')}>
          <Select value={id} onChange={(event) => choose(event.target.value)}>
            <optgroup label={t('model.hosted')}>
              {presets
                .filter((each) => !each.local)
                .map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.label}
                  </option>
                ))}
            </optgroup>
            <optgroup label={t('model.local')}>
              {presets
                .filter((each) => each.local)
                .map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.label}
                  </option>
                ))}
            </optgroup>
            <option value="">{t('model.other')}</option>
          </Select>
        </Field>
        <Field
          label={t('model.key')}
          hint={
            preset?.keys ? (
              <a
                href={preset.keys}
                target="_blank"
                rel="noopener noreferrer"
                className="text-accent underline underline-offset-2"
              >
                {t('model.getKey', { provider: preset.label })}
              </a>
            ) : (
              t('model.keyOptional')
            )
          }
        >
          <Input type="password" autoComplete="off" value={key} onChange={(event) => setKey(event.target.value)} />
        </Field>
        <Field label={t('model.address')} hint={preset?.local ? t('model.addressLocal') : undefined}>
          <Input type="url" inputMode="url" value={baseUrl} onChange={(event) => setAddress(event.target.value)} />
        </Field>
        <Field label={t('model.model')} hint={t('model.modelHint')}>
          <Input
            list={list}
            autoComplete="off"
            value={model ?? preset?.model ?? ''}
            onChange={(event) => setModel(event.target.value)}
          />
        </Field>
        <datalist id={list}>
          {work.data?.models.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      </div>
      {(fault || work.isError) && <Failed error={fault ? new Error(fault) : work.error} />}
      {work.data && (
        <p role="status" className="flex items-center gap-2 rounded-md bg-good-wash px-3 py-2 text-sm">
          <CircleCheck aria-hidden className="size-4 shrink-0 text-good" />
          {t('model.done', { model: work.data.model, time: formats.duration(work.data.latency) })}
        </p>
      )}
      <div>
        <Button type="submit" look="primary" busy={work.isPending}>
          {work.isPending ? t('model.trying') : t('model.connect')}
        </Button>
      </div>
    </form>
  );
}
