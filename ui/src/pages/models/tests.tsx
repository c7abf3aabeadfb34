import { Gauge } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Tooltip } from '@/components/ui/tooltip';
import { useFormats } from '@/lib/format';
import { createStore, useStore } from '@/lib/store';
import { type Heard, modelApi } from './api';

type Result = { state: 'busy' } | { state: 'good'; heard: Heard } | { state: 'bad'; error: unknown };

/** What came of the tests since the console was opened, by provider and model. */
const results = createStore<Readonly<Record<string, Result>>>({});
const put = (name: string, result: Result) => results.set({ ...results.get(), [name]: result });

export async function runTest(provider: string, model: string): Promise<void> {
  const name = `${provider}/${model}`;
  put(name, { state: 'busy' });
  try {
    put(name, { state: 'good', heard: await modelApi.test(provider, model) });
  } catch (error) {
    put(name, { state: 'bad', error });
  }
}

/** Asks the provider itself for a word, and tells how long it took to begin. */
export function TestButton({ provider, model, label }: { provider: string; model: string; label?: string }) {
  const { t } = useTranslation('models');
  const busy = useStore(results)[`${provider}/${model}`]?.state === 'busy';
  const name = t('testOf', { name: `${provider}/${model}` });
  const button = (
    <Button
      look={label ? 'plain' : 'quiet'}
      size={label ? 'small' : 'small-icon'}
      busy={busy}
      aria-label={name}
      onClick={() => void runTest(provider, model)}
    >
      {!busy && <Gauge aria-hidden />}
      {label}
    </Button>
  );
  return <Tooltip text={t('test.hint')}>{button}</Tooltip>;
}

export function TestResult({ provider, model }: { provider: string; model: string }) {
  const { t } = useTranslation('models');
  const common = useTranslation('common').t;
  const formats = useFormats();
  const result = useStore(results)[`${provider}/${model}`];
  if (!result) return null;
  if (result.state === 'busy') return <span className="text-ink-faint text-xs">{t('test.busy')}</span>;
  if (result.state === 'bad') {
    const words = wordsOf(result.error, common);
    return (
      <span role="status" className="text-bad text-xs" title={words}>
        {words}
      </span>
    );
  }
  return (
    <span role="status" className="numbers text-good text-xs">
      {t('test.good', {
        token: formats.duration(result.heard.latency),
        byte: formats.duration(result.heard.ttfb),
      })}
    </span>
  );
}
