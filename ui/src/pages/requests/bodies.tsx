import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/copy-button';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Tabs } from '@/components/ui/tabs';
import { useFormats } from '@/lib/format';
import type { LogDetail } from './api';
import { readBody } from './body';

const LONG = 100_000;

export function Bodies({ entry }: { entry: LogDetail }) {
  const { t } = useTranslation('requests');
  const [shown, setShown] = useState('request');
  if (entry.request_body === null && entry.response_body === null) {
    return <p className="text-ink-soft text-sm">{t('bodies.none')}</p>;
  }
  return (
    <section>
      <Tabs
        value={shown}
        onChange={setShown}
        tabs={[
          {
            id: 'request',
            label: t('bodies.request'),
            content: <Body key="request" text={entry.request_body} truncated={entry.request_truncated} />,
          },
          {
            id: 'response',
            label: t('bodies.response'),
            content: <Body key="response" text={entry.response_body} truncated={entry.response_truncated} />,
          },
        ]}
      />
    </section>
  );
}

function Body({ text, truncated }: { text: string | null; truncated: boolean }) {
  const { t } = useTranslation('requests');
  const formats = useFormats();
  const [raw, setRaw] = useState(false);
  const [whole, setWhole] = useState(false);
  if (!text) return <p className="text-ink-soft text-sm">{t('bodies.empty')}</p>;
  const read = readBody(text);
  const shown = raw ? text : read.readable;
  return (
    <div className="rounded-md border border-line bg-sunken">
      <div className="flex flex-wrap items-center gap-2 border-line border-b px-3 py-1 text-xs">
        <span className="numbers text-ink-soft">{formats.bytes(new Blob([text]).size)}</span>
        {truncated && <Badge tone="warn">{t('bodies.truncated')}</Badge>}
        <span className="ml-auto flex items-center gap-1">
          {read.kind !== 'text' && (
            <Button look="quiet" size="small" aria-pressed={raw} onClick={() => setRaw(!raw)}>
              {raw ? t('bodies.readable') : t('bodies.raw')}
            </Button>
          )}
          <CopyButton text={shown} />
        </span>
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
        tabIndex={0}
        className="max-h-[60vh] overflow-auto whitespace-pre-wrap break-words px-3 py-2 font-mono text-xs"
      >
        {whole ? shown : shown.slice(0, LONG)}
      </pre>
      {!whole && shown.length > LONG && (
        <div className="border-line border-t px-3 py-1">
          <Button look="quiet" size="small" onClick={() => setWhole(true)}>
            {t('bodies.whole')}
          </Button>
        </div>
      )}
    </div>
  );
}
