import { Bandage, FileText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { useRefreshOn } from '@/client/control';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { Markdown } from '@/components/markdown';
import { Empty, Loaded } from '@/components/states';
import { Ago, Moment } from '@/components/time';
import { Badge, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { Switch } from '@/components/ui/switch';
import { saveFile } from '@/lib/download';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { type HealEvent, keys, type Report, useEvents, useReport, useReports, useSwitch } from './api';
import { reportAt } from './report-names';

const tones: Record<HealEvent['status'], Tone> = { running: 'accent', healed: 'good', failed: 'bad', told: 'warn' };
const reportOf = (event: HealEvent): string => event.report_path.split('/').pop() ?? '';

/** What the gateway did about itself. */
export function Healing() {
  const { t } = useTranslation('health');
  const setSearch = useSetSearch();
  const values = useSearchValues();
  const events = useEvents();
  const mayLook = usePermission('config.read');
  useRefreshOn(['healing'], [keys.events, keys.reports]);
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
      <Card title={t('events')} bodyClassName="p-0">
        <Loaded query={events}>
          {(found) =>
            found.length ? (
              <ol>
                {found.map((event) => (
                  <EventRow
                    key={event.id}
                    event={event}
                    open={mayLook && reportOf(event) ? () => setSearch({ report: reportOf(event) }) : undefined}
                  />
                ))}
              </ol>
            ) : (
              <Empty icon={Bandage} title={t('noEvents')} text={t('noEventsText')} />
            )
          }
        </Loaded>
      </Card>
      <div className="grid gap-4">
        <SwitchCard />
        <Reports open={mayLook ? (name) => setSearch({ report: name }) : undefined} />
      </div>
      {values.report && <ReportDrawer name={values.report} close={() => setSearch({ report: undefined })} />}
    </div>
  );
}

function EventRow({ event, open }: { event: HealEvent; open?: () => void }) {
  const { t } = useTranslation('health');
  const formats = useFormats();
  return (
    <li className="grid gap-1 border-line border-b px-4 py-3 text-sm last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 flex-1 basis-60 font-medium">{event.reason}</span>
        <Badge tone={tones[event.status]}>{t(`event.${event.status}`)}</Badge>
        <Ago at={Date.parse(event.timestamp)} className="text-ink-faint text-xs" />
      </div>
      <p className="text-ink-soft">
        {t('done', { what: event.method })}
        {event.verify_duration_ms !== null && event.status === 'healed' && (
          <span className="text-ink-faint">
            {' '}
            {t('wellAfter', { span: formats.duration(event.verify_duration_ms) })}
          </span>
        )}
      </p>
      {event.verify_error && <p className="text-bad text-xs">{event.verify_error}</p>}
      {(event.seen.length > 0 || event.steps.length > 0) && (
        <details>
          <summary className="text-ink-soft text-xs">{t('details')}</summary>
          <ul className="mt-1 grid gap-1 text-ink-soft text-xs">
            {event.seen.map((words) => (
              <li key={words}>{words}</li>
            ))}
            {event.steps.map((step) => (
              <li key={`${step.at} ${step.text}`} className="flex gap-2">
                <span className="numbers text-ink-faint">{formats.time(step.at * 1000)}</span>
                <span>{step.text}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {open && (
        <div>
          <Button look="link" size="small" onClick={open}>
            <FileText aria-hidden />
            {t('showReport')}
          </Button>
        </div>
      )}
    </li>
  );
}

function SwitchCard() {
  const { t } = useTranslation('health');
  const enabled = useSwitch();
  const may = usePermission('config.write');
  const turn = useAction((on: boolean) => rest.post('/v1/settings/self-healing', { body: { enabled: on } }), {
    done: (_, on) => t(on ? 'healingOn' : 'healingOff'),
    refresh: [keys.switch],
  });
  const shown = turn.isPending ? turn.variables : enabled.data;
  return (
    <Card title={t('healing')}>
      <Loaded query={enabled}>
        {() => (
          <div className="flex items-start gap-3">
            <p id="healing-text" className="flex-1 text-ink-soft text-sm">
              {t(shown ? 'healingOnText' : 'healingOffText')}
            </p>
            <Switch
              aria-label={t('healing')}
              aria-describedby="healing-text"
              checked={shown === true}
              disabled={!may || turn.isPending}
              onCheckedChange={(on) => turn.mutate(on)}
            />
          </div>
        )}
      </Loaded>
    </Card>
  );
}

function Reports({ open }: { open?: (name: string) => void }) {
  const { t } = useTranslation('health');
  const reports = useReports();
  return (
    <Card title={t('reports')}>
      <Loaded query={reports}>
        {(found) =>
          found.length ? (
            <ul className="grid gap-1.5">
              {found.slice(0, 30).map((report) => (
                <li key={report.name} className="flex items-center gap-2 text-sm">
                  {open ? (
                    <button
                      type="button"
                      className="min-w-0 flex-1 truncate rounded text-left text-accent hover:underline"
                      onClick={() => open(report.name)}
                    >
                      {report.name}
                    </button>
                  ) : (
                    <span className="min-w-0 flex-1 truncate">{report.name}</span>
                  )}
                  <span className="shrink-0 text-ink-faint text-xs">
                    <ReportTime report={report} />
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            <p className="text-ink-soft text-sm">{t('noReports')}</p>
          )
        }
      </Loaded>
    </Card>
  );
}

function ReportTime({ report }: { report: Report }) {
  const at = reportAt(report.name);
  return at === undefined ? report.time : <Moment at={at} />;
}

function ReportDrawer({ name, close }: { name: string; close(): void }) {
  const { t } = useTranslation('health');
  const report = useReport(name);
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      shape="drawer-right"
      title={<span className="break-all">{name}</span>}
      footer={
        report.data !== undefined && (
          <Button onClick={() => saveFile(name, report.data, 'text/markdown')}>{t('download')}</Button>
        )
      }
    >
      <Loaded query={report}>{(text) => <Markdown text={text} />}</Loaded>
    </Dialog>
  );
}
