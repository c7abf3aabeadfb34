import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useGo, useSearchValues, useSetSearch } from '@/app/links';
import { control } from '@/client/control';
import { wordsOf } from '@/client/words';
import { Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Tabs } from '@/components/ui/tabs';
import { cn } from '@/lib/cn';
import { useAction } from '@/lib/use-action';
import { agentsKey, configKey, type Expert, hire, useExperts } from './data';
import { ModelField } from './model-field';

/** A new agent: empty, or after the template of an expert. */
export function CreateAgent({ taken }: { taken: readonly string[] }) {
  const { t } = useTranslation('agents');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const close = () => setSearch({ new: undefined });
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={t('create')} shape="wide">
      <Tabs
        value={search.new === 'template' ? 'template' : 'blank'}
        onChange={(id) => setSearch({ new: id })}
        tabs={[
          { id: 'blank', label: t('blank'), content: <Blank taken={taken} /> },
          { id: 'template', label: t('template'), content: <Template taken={taken} /> },
        ]}
      />
    </Dialog>
  );
}

interface Made {
  id: string;
  name: string;
}

function useMade() {
  const go = useGo();
  const { t } = useTranslation('agents');
  return {
    refresh: [agentsKey, configKey],
    silent: true,
    done: (made: Made) => t('made', { name: made.name }),
    onDone: (made: Made) => go({ to: '/agents/$id', params: { id: made.id } }),
  };
}

function Blank({ taken }: { taken: readonly string[] }) {
  const { t } = useTranslation('agents');
  const common = useTranslation('common').t;
  const [name, setName] = useState('');
  const [emoji, setEmoji] = useState('');
  const [model, setModel] = useState('');
  const make = useAction(async () => {
    const given = { name: name.trim(), ...(model ? { model } : {}), ...(emoji ? { emoji } : {}) };
    const made = await control.call('agents.create', given);
    return { id: made.agentId, name: made.name };
  }, useMade());
  const double = taken.includes(name.trim().toLowerCase());
  return (
    <form
      className="grid gap-4 pb-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (name.trim() && !double) make.mutate();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_8rem]">
        <Field label={t('name')} required error={double && t('taken')}>
          <Input value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('emoji')}>
          <Input value={emoji} maxLength={8} onChange={(event) => setEmoji(event.target.value)} />
        </Field>
      </div>
      <ModelField value={model} onChange={setModel} />
      {make.isError && (
        <p role="alert" className="text-bad text-sm">
          {wordsOf(make.error, common)}
        </p>
      )}
      <div>
        <Button type="submit" look="primary" busy={make.isPending} disabled={!name.trim() || double}>
          {t('create.do')}
        </Button>
      </div>
    </form>
  );
}

function Template({ taken }: { taken: readonly string[] }) {
  const { t, i18n } = useTranslation('agents');
  const common = useTranslation('common').t;
  const experts = useExperts(true);
  const [chosen, setChosen] = useState<Expert>();
  const [id, setId] = useState('');
  const [model, setModel] = useState('');
  const english = i18n.language === 'en';
  const wrong = taken.includes(id.toLowerCase()) ? t('taken') : id && !/^\w+$/.test(id) ? t('id.wrong') : undefined;
  const make = useAction(async () => {
    const made = await hire(chosen?.id ?? '', id.trim(), model, i18n.language);
    return { id: made, name: (english ? chosen?.name_en : chosen?.name) ?? made };
  }, useMade());
  return (
    <form
      className="grid gap-4 pb-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (chosen && id && !wrong) make.mutate();
      }}
    >
      <Loaded query={experts}>
        {(found) => (
          <ul aria-label={t('template')} className="grid gap-2 sm:grid-cols-2 lg:grid-cols-3">
            {found.map((each) => (
              <li key={each.id}>
                <button
                  type="button"
                  aria-pressed={chosen?.id === each.id}
                  onClick={() => {
                    setChosen(each);
                    setId(each.id.replace(/\W/g, '_'));
                  }}
                  className={cn(
                    'grid h-full w-full grid-cols-[auto_minmax(0,1fr)] content-start gap-x-2.5 rounded-lg border p-3 text-left',
                    chosen?.id === each.id ? 'border-accent bg-accent-wash' : 'border-line hover:bg-sunken',
                  )}
                >
                  <span aria-hidden className="row-span-2 text-xl">
                    {each.emoji}
                  </span>
                  <span className="font-medium text-sm">{english ? each.name_en : each.name}</span>
                  <span className="text-ink-soft text-xs">{english ? each.description_en : each.description}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {chosen && (
        <>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={t('id')} hint={t('id.hint')} required error={wrong}>
              <Input value={id} onChange={(event) => setId(event.target.value)} />
            </Field>
            <ModelField value={model} onChange={setModel} />
          </div>
          {make.isError && (
            <p role="alert" className="text-bad text-sm">
              {wordsOf(make.error, common)}
            </p>
          )}
          <div>
            <Button type="submit" look="primary" busy={make.isPending} disabled={!id || Boolean(wrong)}>
              {t('create.do')}
            </Button>
          </div>
        </>
      )}
    </form>
  );
}
