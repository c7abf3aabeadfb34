import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { rest } from '@/client/rest';
import { Facts } from '@/components/facts';
import { Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { Switch } from '@/components/ui/switch';
import { toast } from '@/components/ui/toasts';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { type Cleaning, useAgent, useCleaning, useFigures, workspaceKey } from './api';
import { listOf } from './paths';

const refresh = [workspaceKey];

/** How much there is, and what goes by itself. */
export function CleaningTab() {
  const { t } = useTranslation('files');
  const formats = useFormats();
  const figures = useFigures();
  const settings = useCleaning();
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title={t('statistics')}>
        <Loaded query={figures}>
          {(found) => (
            <>
              <Facts
                facts={[
                  [t('statistics.files'), formats.number(found.totalFiles)],
                  [t('statistics.size'), formats.bytes(found.totalSize)],
                  [t('statistics.old'), formats.number(found.oldFiles)],
                ]}
              />
              {!found.complete && <p className="mt-3 text-ink-faint text-xs">{t('statistics.part')}</p>}
            </>
          )}
        </Loaded>
      </Card>
      <Card title={t('cleaning')}>
        <Loaded query={settings}>{(found) => <CleaningForm key={JSON.stringify(found)} settings={found} />}</Loaded>
      </Card>
    </div>
  );
}

function CleaningForm({ settings }: { settings: Cleaning }) {
  const { t } = useTranslation('files');
  const agent = useAgent();
  const id = useId();
  const [on, setOn] = useState(settings.autoCleanEnabled);
  const [days, setDays] = useState(String(settings.autoCleanDays));
  const [patterns, setPatterns] = useState(settings.excludePatterns.join('\n'));
  const next: Cleaning = { autoCleanEnabled: on, autoCleanDays: Number(days), excludePatterns: listOf(patterns) };
  const valid = Number.isInteger(next.autoCleanDays) && next.autoCleanDays > 0;
  const save = useAction(() => rest.put('/api/workspace/config', { query: { agent }, body: next }), {
    refresh,
    done: () => t('saved'),
  });
  const clean = useAction(
    () => rest.post<{ deleted: string[]; errors: string[] }>('/api/workspace/clean', { query: { agent }, body: {} }),
    {
      refresh,
      done: ({ deleted }) => t('cleaned', { count: deleted.length }),
      onDone: ({ errors }) => errors.length && toast.bad(errors.join('\n')),
    },
  );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    // Once it is on, what is old goes within seconds.
    const asks = next.autoCleanEnabled && !settings.autoCleanEnabled;
    const sure =
      !asks ||
      (await confirm({
        title: t('cleanOn.title'),
        text: t('cleanOn.text', { count: next.autoCleanDays }),
        action: t('cleanOn.do'),
      }));
    if (sure) save.mutate();
  };
  const ask = async () => {
    const text = t('cleanNow.text', { count: settings.autoCleanDays });
    if (await confirm({ title: t('cleanNow.title'), text, action: t('cleanNow') })) clean.mutate();
  };
  return (
    <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <label htmlFor={id} className="font-medium text-sm">
            {t('cleaning.on')}
          </label>
          <p className="text-ink-faint text-xs">{t('cleaning.text')}</p>
        </div>
        <Switch id={id} checked={on} onCheckedChange={setOn} />
      </div>
      <Field label={t('cleaning.days')} error={valid ? undefined : t('form.low', { least: 1 })}>
        <Input
          type="number"
          min={1}
          inputMode="numeric"
          className="w-32"
          value={days}
          onChange={(event) => setDays(event.target.value)}
        />
      </Field>
      <Field label={t('cleaning.except')} hint={t('cleaning.exceptHint')}>
        <Textarea
          rows={6}
          className="font-mono"
          value={patterns}
          onChange={(event) => setPatterns(event.target.value)}
        />
      </Field>
      <div className="flex flex-wrap justify-end gap-2">
        {settings.autoCleanEnabled && (
          <Button busy={clean.isPending} onClick={() => void ask()}>
            {t('cleanNow')}
          </Button>
        )}
        <Button
          type="submit"
          look="primary"
          busy={save.isPending}
          disabled={!valid || JSON.stringify(next) === JSON.stringify(settings)}
        >
          {t('save')}
        </Button>
      </div>
    </form>
  );
}
