import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/copy-button';
import { Facts } from '@/components/facts';
import { Moment } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Dialog } from '@/components/ui/dialog';
import { tones } from './columns';
import { factsOf, harmless, type Line, traceOf } from './line';

/** All of a line. */
export function LineDrawer({ line, close }: { line: Line; close(): void }) {
  const { t } = useTranslation('logs');
  const trace = traceOf(line);
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      shape="drawer-right"
      title={
        <span className="flex items-center gap-2">
          <Badge tone={tones[line.level]}>{t(`level.${line.level}`)}</Badge>
          <Moment at={line.at} className="text-ink-soft text-sm" />
        </span>
      }
    >
      <div className="grid gap-4 pb-4">
        <Facts
          facts={[
            [t('source'), line.source && <span className="font-mono text-xs">{line.source}</span>],
            ...factsOf(line).map(
              ([name, value]) =>
                [
                  name,
                  <span key={name} className="whitespace-pre-wrap break-all font-mono text-xs">
                    {value}
                  </span>,
                ] as const,
            ),
          ]}
        />
        {trace && <Block title={t('trace')} text={trace} />}
        <Block title={t('raw')} text={harmless(line.raw)} copied={line.raw} />
      </div>
    </Dialog>
  );
}

function Block({ title, text, copied = text }: { title: string; text: string; copied?: string }) {
  return (
    <section className="grid gap-1">
      <header className="flex items-center justify-between">
        <h3 className="font-medium text-sm">{title}</h3>
        <CopyButton text={copied} />
      </header>
      <pre className="overflow-x-auto whitespace-pre-wrap break-all rounded-md border border-line bg-sunken p-3 font-mono text-xs leading-5">
        {text}
      </pre>
    </section>
  );
}
