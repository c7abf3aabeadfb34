import { useQuery } from '@tanstack/react-query';
import { Check, MessagesSquare } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { pages } from '@/app/pages';
import { useCall } from '@/client/control';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { PageBody } from '@/components/page-body';
import { Failed } from '@/components/states';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { cn } from '@/lib/cn';
import { ConnectChannel } from './connect-channel';
import { ConnectModel } from './connect-model';
import { PointTools } from './point-tools';

/** From a fresh gateway to an answer, step by step; what is done already says so. */
export default function Welcome() {
  const { t } = useTranslation('welcome');
  const models = useCall('models.list', {});
  const sessions = useCall('sessions.list', { limit: 1 });
  const channels = useCall('channels.status', {});
  const keys = useQuery({
    queryKey: ['rest', 'keys'],
    queryFn: ({ signal }) => rest.get<{ keys: unknown[] }>('/api/keys', { signal }),
    enabled: usePermission('keys.manage'),
  });
  const own = models.data?.models.filter((model) => !['openclaw', 'crawdad'].includes(model.provider)) ?? [];
  const broken = [models, sessions, channels, keys].filter((query) => query.isError);
  return (
    <PageBody size="narrow" intro={t('intro')}>
      {broken[0] && (
        <Failed
          error={broken[0].error}
          text={t('unknown')}
          retry={() => {
            for (const query of broken) void query.refetch();
          }}
        />
      )}
      <ol className="grid gap-4">
        <Step
          number={1}
          title={t('step.model')}
          text={t('step.modelText')}
          done={own.length > 0}
          note={own.length ? t('models', { count: own.length }) : undefined}
        >
          <ConnectModel />
        </Step>
        <Step number={2} title={t('step.agent')} text={t('step.agentText')} done={(sessions.data?.count ?? 0) > 0}>
          <div className="flex flex-wrap gap-2">
            <Button asChild look="primary">
              <PageLink to="/chat">
                <MessagesSquare aria-hidden />
                {t('step.agentDo')}
              </PageLink>
            </Button>
            {pages.some((page) => page.id === 'agents') && (
              <Button asChild>
                <PageLink to="/agents">{t('step.agentMore')}</PageLink>
              </Button>
            )}
          </div>
        </Step>
        <Step
          number={3}
          title={t('step.channel')}
          text={t('step.channelText')}
          done={Object.entries(channels.data?.channelAccounts ?? {}).some(
            // The web chat is always there, and nobody's messenger.
            ([channel, accounts]) => channel !== 'webchat' && accounts.some(({ connected }) => connected),
          )}
        >
          <ConnectChannel />
        </Step>
        <Step number={4} title={t('step.tools')} text={t('step.toolsText')} done={(keys.data?.keys.length ?? 0) > 0}>
          <PointTools />
        </Step>
      </ol>
    </PageBody>
  );
}

interface StepProps {
  number: number;
  title: string;
  text: string;
  done: boolean;
  note?: string;
  children: ReactNode;
}

function Step({ number, title, text, done, note, children }: StepProps) {
  const { t } = useTranslation('welcome');
  const id = useId();
  return (
    <li aria-labelledby={id} className="rounded-lg border border-line bg-surface p-4 sm:p-5">
      <div className="mb-4 flex items-start gap-3">
        <span
          aria-hidden
          className={cn(
            'numbers grid size-7 shrink-0 place-items-center rounded-full font-semibold text-sm',
            done ? 'bg-good-wash text-good' : 'bg-accent-wash text-accent',
          )}
        >
          {done ? <Check className="size-4" /> : number}
        </span>
        <div className="min-w-0 flex-1">
          <h2 id={id} className="flex flex-wrap items-center gap-2 font-semibold text-lg">
            {title}
            {done && <Badge tone="good">{note ?? t('done')}</Badge>}
          </h2>
          <p className="text-ink-soft text-sm">{text}</p>
        </div>
      </div>
      <div className="sm:pl-10">{children}</div>
    </li>
  );
}
