import { ShieldQuestion } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { commandsOf } from '@/client/approvals';
import { control, useCall } from '@/client/control';
import type { ApprovalDecision, ApprovalRequest } from '@/client/control-types';
import { Facts } from '@/components/facts';
import { Empty, Loaded } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { useNow } from '@/lib/use-now';
import { shownArgument } from './argument';
import { rulesKey, waitingKey } from './data';

/** Commands that wait for somebody's word, exactly as they would be run. */
export function Approvals() {
  const { t } = useTranslation('devices');
  const query = useCall('exec.approval.list', {}, { refetchInterval: 15_000 });
  return (
    <Card title={t('waiting')} bodyClassName="p-0">
      <Loaded query={query}>
        {(waiting) =>
          commandsOf(waiting).length ? (
            <ul className="divide-y divide-line">
              {commandsOf(waiting).map((asked) => (
                <Approval key={asked.id} asked={asked} />
              ))}
            </ul>
          ) : (
            <Empty icon={ShieldQuestion} title={t('noneWaiting.title')} text={t('noneWaiting.text')} />
          )
        }
      </Loaded>
    </Card>
  );
}

function Approval({ asked }: { asked: ApprovalRequest }) {
  const { t } = useTranslation('devices');
  const formats = useFormats();
  const now = useNow(1000);
  const decide = useAction<ApprovalDecision>(
    (decision) => control.call('exec.approval.resolve', { id: asked.id, decision }),
    { refresh: [waitingKey, rulesKey], done: (_, decision) => t(`decided.${decision}`) },
  );
  const { request } = asked;
  const over = asked.expiresAtMs <= now;
  const argv = request.commandArgv ?? [request.command];
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] gap-3 px-4 py-3">
      <ol
        aria-label={t('command')}
        className="flex flex-wrap gap-x-2 gap-y-1 rounded-md border border-line bg-sunken px-3 py-2 font-mono text-sm"
      >
        {argv.map((argument, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the arguments of a command have nothing but their place
          <li key={place} className="min-w-0 whitespace-pre-wrap break-all">
            {request.commandArgv ? shownArgument(argument) : argument}
          </li>
        ))}
      </ol>
      <Facts
        facts={[
          [
            t('folder'),
            request.cwd && (
              <span key="cwd" className="break-all font-mono text-xs">
                {request.cwd}
              </span>
            ),
          ],
          [
            t('program'),
            request.resolvedPath && (
              <span key="path" className="break-all font-mono text-xs">
                {request.resolvedPath}
              </span>
            ),
          ],
          [t('variables'), request.envKeys?.join(', ')],
          [t('host'), request.host && t(`host.${request.host}`, { defaultValue: request.host })],
          [t('agent'), request.agentId],
          [
            t('conversation'),
            request.sessionKey && (
              <PageLink
                key="session"
                to="/chat"
                search={{ session: request.sessionKey }}
                className="text-accent hover:underline"
              >
                {request.sessionKey}
              </PageLink>
            ),
          ],
          [
            t('expires'),
            over
              ? t('over')
              : t('until', {
                  at:
                    asked.expiresAtMs - now < DAY
                      ? formats.time(asked.expiresAtMs)
                      : formats.dateTime(asked.expiresAtMs),
                  left: formats.duration(wholeSeconds(asked.expiresAtMs - now)),
                }),
          ],
        ]}
      />
      <div className="flex flex-wrap gap-2">
        {(['allow-once', 'allow-always', 'deny'] as const).map((decision) => (
          <Button
            key={decision}
            size="small"
            look={decision === 'allow-once' ? 'primary' : 'plain'}
            busy={decide.isPending && decide.variables === decision}
            disabled={decide.isPending || over}
            onClick={() => decide.mutate(decision)}
          >
            {t(`decide.${decision}`)}
          </Button>
        ))}
      </div>
    </li>
  );
}

const DAY = 86_400_000;
const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000)) * 1000;
