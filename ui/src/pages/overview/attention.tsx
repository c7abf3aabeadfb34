import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, CircleHelp, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { pages } from '@/app/pages';
import { control } from '@/client/control';
import type { ApprovalDecision } from '@/client/control-types';
import { decideRequest } from '@/client/friend-requests';
import { rest } from '@/client/rest';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { toast } from '@/components/ui/toasts';
import { cn } from '@/lib/cn';
import type { Concern, Mend } from './concerns';

const icons = { bad: CircleAlert, warn: TriangleAlert, ask: CircleHelp };
const colours = { bad: 'text-bad', warn: 'text-warn', ask: 'text-accent' };

export function Attention({ concerns, complete }: { concerns: readonly Concern[]; complete: boolean }) {
  const { t } = useTranslation('overview');
  if (!concerns.length) {
    if (!complete) return null;
    return (
      <p className="flex items-center gap-2.5 rounded-lg border border-line bg-surface px-4 py-3 text-sm" role="status">
        <CircleCheck aria-hidden className="size-4 text-good" />
        {t('allWell')}
      </p>
    );
  }
  return (
    <Card title={t('attention', { count: concerns.length })} bodyClassName="p-0">
      <ul className="divide-y divide-line">
        {concerns.map((concern) => {
          const Icon = icons[concern.severity];
          return (
            <li key={concern.id} className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5">
              <Icon aria-hidden className={cn('size-4 shrink-0', colours[concern.severity])} />
              <div className="min-w-0 flex-1 basis-60">
                <p className="text-sm">{t(concern.text as 'allWell', concern.values)}</p>
                {concern.detail && (
                  <p className="line-clamp-2 break-all font-mono text-ink-soft text-xs" title={concern.detail}>
                    {concern.detail}
                  </p>
                )}
              </div>
              {concern.mend && <MendButtons mend={concern.mend} />}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

/** Do it, say so, and look anew. */
function useDeed() {
  const queries = useQueryClient();
  const { t } = useTranslation('common');
  return useMutation({
    mutationFn: (deed: () => Promise<unknown>) => deed(),
    onError: (fault) => toast.bad(wordsOf(fault, t)),
    onSettled: () => queries.invalidateQueries(),
  });
}

function MendButtons({ mend }: { mend: Mend }) {
  const { t } = useTranslation('overview');
  const deed = useDeed();
  const button = (label: string, run: () => Promise<unknown>, look: 'primary' | 'plain' = 'plain') => (
    <Button size="small" look={look} busy={deed.isPending} onClick={() => deed.mutate(run)}>
      {label}
    </Button>
  );
  switch (mend.kind) {
    case 'go':
      return pages.some((page) => page.routes[0].path === mend.to) ? (
        <Button asChild size="small">
          <PageLink to={mend.to} search={mend.search}>
            {t('mend.look')}
          </PageLink>
        </Button>
      ) : null;
    case 'start-service':
      return button(t('mend.start'), () => rest.post('/api/proxy/start'), 'primary');
    case 'start-channel':
      return button(t('mend.start'), () =>
        control.call('channels.start', { channel: mend.channel, accountId: mend.accountId }),
      );
    case 'resume-account':
      return button(t('mend.resume'), () =>
        rest.post('/api/accounts/{account_id}/toggle-proxy', { path: { account_id: mend.id }, body: { enable: true } }),
      );
    case 'pairing': {
      const { channel, accountId, requestId } = mend;
      return (
        <div className="flex gap-2">
          {button(
            t('mend.letIn'),
            () => control.call('channels.pairing.approve', { channel, accountId, requestId, notify: true }),
            'primary',
          )}
          {button(t('mend.dismiss'), () => control.call('channels.pairing.dismiss', { channel, accountId, requestId }))}
        </div>
      );
    }
    case 'friend':
      return (
        <div className="flex gap-2">
          {button(t('mend.accept'), () => decideRequest(mend.flag, true), 'primary')}
          {button(t('mend.refuse'), () => decideRequest(mend.flag, false))}
        </div>
      );
    case 'decide': {
      const decide = (decision: ApprovalDecision) => () =>
        control.call('exec.approval.resolve', { id: mend.id, decision });
      return (
        <div className="flex flex-wrap gap-2">
          {button(t('mend.allowOnce'), decide('allow-once'), 'primary')}
          {button(t('mend.deny'), decide('deny'))}
        </div>
      );
    }
  }
}
