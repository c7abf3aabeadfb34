import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { wordsOf } from '@/client/words';
import { type Hints, problemsOf } from '@/components/schema-form/schema';
import { SchemaForm } from '@/components/schema-form/schema-form';
import { Button } from '@/components/ui/button';
import { patchOf } from '@/lib/json-patch';
import { useAction } from '@/lib/use-action';
import { type PluginSettings, pluginKeys } from './api';

type Values = Record<string, unknown>;

/** What the gateway shows in place of a secret. */
const masked = '__OPENCLAW_REDACTED__';

/** The hints of a plugin; what comes masked is a secret, whether the plugin says so or not. */
function hintsOf({ config, uiHints }: PluginSettings): Hints {
  const secrets = Object.keys(config).filter((name) => config[name] === masked);
  return { ...uiHints, ...Object.fromEntries(secrets.map((name) => [name, { ...uiHints[name], sensitive: true }])) };
}

/** The settings of a plugin, drawn from the schema that it brings. Only what was changed is written. */
export function PluginForm({ id, settings, readOnly }: { id: string; settings: PluginSettings; readOnly: boolean }) {
  const { t } = useTranslation('skills');
  const [value, setValue] = useState<Values>(settings.config);
  const problems = problemsOf(settings.schema, value);
  const patch = patchOf(settings.config, value);
  const save = useAction(() => patchConfig(() => ({ plugins: { entries: { [id]: { config: patch } } } })), {
    silent: true,
    refresh: pluginKeys,
    done: () => t('saved'),
  });
  if (!Object.keys(settings.schema.properties ?? {}).length)
    return <p className="text-ink-faint text-sm">{t('settings.none')}</p>;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="grid gap-4" onSubmit={submit}>
      <SchemaForm
        schema={settings.schema}
        hints={hintsOf(settings)}
        value={value}
        problems={problems}
        disabled={readOnly}
        onChange={(next) => setValue((next ?? {}) as Values)}
      />
      {save.error && (
        <p role="alert" className="break-words rounded-md bg-bad-wash px-3 py-2 text-sm">
          {wordsOf(save.error, t)}
        </p>
      )}
      {!readOnly && (
        <div>
          <Button
            type="submit"
            look="primary"
            busy={save.isPending}
            disabled={!Object.keys(patch).length || Object.keys(problems).length > 0}
          >
            {t('save')}
          </Button>
        </div>
      )}
    </form>
  );
}
