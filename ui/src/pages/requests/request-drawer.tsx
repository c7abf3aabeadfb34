import { ChevronDown, ChevronUp } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { Facts } from '@/components/facts';
import { Loaded, Skeleton } from '@/components/states';
import { Moment } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { useFormats } from '@/lib/format';
import { type LogDetail, useLog } from './api';
import { Bodies } from './bodies';
import { toneOf } from './columns';
import { protocolNames } from './filters';
import { Timing } from './timing';

interface RequestDrawerProps {
  id: string;
  close(): void;
  newer?: () => void;
  older?: () => void;
}

/** One request: who, what, where to, how long, and what was said. */
export function RequestDrawer({ id, close, newer, older }: RequestDrawerProps) {
  const { t } = useTranslation('requests');
  const query = useLog(id);
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={query.data?.model ?? t('request')}
      shape="drawer-right"
      footer={
        <>
          <Button disabled={!newer} onClick={newer}>
            <ChevronUp aria-hidden />
            {t('toNewer')}
          </Button>
          <Button disabled={!older} onClick={older}>
            <ChevronDown aria-hidden />
            {t('toOlder')}
          </Button>
        </>
      }
    >
      <Loaded query={query} skeleton={<Skeleton lines={12} />}>
        {(entry) => <Detail key={entry.id} entry={entry} />}
      </Loaded>
    </Dialog>
  );
}

function Detail({ entry }: { entry: LogDetail }) {
  const { t } = useTranslation('requests');
  const formats = useFormats();
  const number = (value: number | null) => (value === null ? null : formats.number(value));
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-4">
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <Badge tone={toneOf(entry)} className="numbers">
          {entry.status || '–'}
        </Badge>
        <span>{t(`outcome.${entry.outcome}`)}</span>
        <code className="break-all text-ink-soft text-xs">
          {entry.method} {entry.url}
        </code>
      </div>
      {entry.error && <p className="break-words rounded-md bg-bad-wash px-3 py-2 text-sm">{entry.error}</p>}
      <Timing entry={entry} />
      <Facts
        facts={[
          [t('time'), <Moment key="time" at={entry.timestamp} />],
          [t('model'), entry.model],
          [t('mappedModel'), entry.mapped_model],
          [t('provider'), entry.provider],
          [
            t('account'),
            entry.account_email && (
              <PageLink key="account" to="/requests" search={{ account: entry.account_email }} className="underline">
                {entry.account_email}
              </PageLink>
            ),
          ],
          [
            t('key'),
            entry.key_id && (
              <PageLink key="key" to="/requests" search={{ key: entry.key_id }} className="underline">
                {entry.username ?? entry.key_id}
              </PageLink>
            ),
          ],
          [t('owner'), entry.owner],
          [t('protocol'), entry.protocol && protocolNames[entry.protocol]],
          [t('stream'), entry.stream ? t('yes') : t('no')],
          [t('inputTokens'), number(entry.input_tokens)],
          [t('outputTokens'), number(entry.output_tokens)],
          [t('cacheRead'), entry.cache_read_tokens > 0 && number(entry.cache_read_tokens)],
          [t('cacheWrite'), entry.cache_write_tokens > 0 && number(entry.cache_write_tokens)],
          [t('reasoning'), entry.reasoning_tokens > 0 && number(entry.reasoning_tokens)],
          [t('cost'), formats.money(entry.cost)],
          [t('client'), entry.client_ip],
          [t('program'), entry.user_agent],
          [t('conversation'), entry.session && <code key="session">{entry.session}</code>],
          [t('notes'), entry.notes.join(' · ')],
          [t('id'), <code key="id">{entry.id}</code>],
        ]}
      />
      <Bodies entry={entry} />
    </div>
  );
}
