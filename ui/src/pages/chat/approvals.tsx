import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ShieldQuestion } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { callKey, control, useCall, useRefreshOn } from '@/client/control';
import type { ApprovalDecision, ApprovalRequest } from '@/client/control-types';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { toast } from '@/components/ui/toasts';

/** What the agent of a session asks for, to be answered where it asks. */
export function Approvals({ sessionKey }: { sessionKey: string }) {
  const waiting = useCall('exec.approval.list', {});
  useRefreshOn(['exec.approval.requested', 'exec.approval.resolved'], [callKey('exec.approval.list')]);
  const own = waiting.data?.filter((each) => each.request.sessionKey === sessionKey) ?? [];
  return own.map((request) => <Approval key={request.id} asked={request} />);
}

function Approval({ asked }: { asked: ApprovalRequest }) {
  const { t } = useTranslation('chat');
  const queries = useQueryClient();
  const decide = useMutation({
    mutationFn: (decision: ApprovalDecision) => control.call('exec.approval.resolve', { id: asked.id, decision }),
    onError: (fault) => toast.bad(wordsOf(fault, t)),
    onSettled: () => queries.invalidateQueries({ queryKey: callKey('exec.approval.list') }),
  });
  const { request } = asked;
  return (
    <section aria-label={t('approval.title')} className="grid gap-2 rounded-lg border border-warn bg-warn-wash p-3">
      <p className="flex items-center gap-2 font-medium text-sm">
        <ShieldQuestion aria-hidden className="size-4 text-warn" />
        {t('approval.title')}
      </p>
      <pre className="overflow-x-auto whitespace-pre-wrap break-all rounded-md bg-surface px-3 py-2 font-mono text-xs">
        {request.commandArgv?.join(' ') ?? request.command}
      </pre>
      {request.cwd && (
        <p className="break-all text-ink-soft text-xs">{t('approval.folder', { folder: request.cwd })}</p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" size="small" busy={decide.isPending} onClick={() => decide.mutate('allow-once')}>
          {t('approval.once')}
        </Button>
        <Button size="small" busy={decide.isPending} onClick={() => decide.mutate('allow-always')}>
          {t('approval.always')}
        </Button>
        <Button size="small" busy={decide.isPending} onClick={() => decide.mutate('deny')}>
          {t('approval.deny')}
        </Button>
      </div>
    </section>
  );
}
