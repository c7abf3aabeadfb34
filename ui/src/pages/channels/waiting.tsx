import { UserPlus, Users } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control, useCall, useRefreshOn } from '@/client/control';
import { decideRequest, type FriendRequest, requestsKey, useFriendRequests } from '@/client/friend-requests';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Switch } from '@/components/ui/switch';
import { useAction } from '@/lib/use-action';
import { pairingKey, peopleKey } from './data';
import { labelOf } from './kinds';

/** Who asks to be let in, and who wants to be a friend or to join a group. Nothing while nobody does. */
export function Waiting() {
  const { t } = useTranslation('channels');
  const pairing = useCall('channels.pairing.list', {}, { refetchInterval: 10_000 });
  const friends = useFriendRequests();
  const switchId = useId();
  const [owner, setOwner] = useState(false);
  useRefreshOn(['chat'], [requestsKey]);
  const people = pairing.data?.requests ?? [];
  const requests = friends.data?.requests ?? [];
  if (!people.length && !requests.length) return null;
  const noOwner = pairing.data?.commandOwnerConfigured === false;
  return (
    <Card title={t('waiting', { count: people.length + requests.length })} bodyClassName="p-0">
      <ul className="divide-y divide-line">
        {people.map((each) => (
          <Person key={each.requestId} request={each} owner={noOwner && owner} />
        ))}
        {requests.map((each) => (
          <Friend key={each.flag} request={each} />
        ))}
      </ul>
      {people.length > 0 && noOwner && (
        <label
          htmlFor={switchId}
          className="flex items-center gap-2 border-line border-t px-4 py-2.5 text-ink-soft text-sm"
        >
          <Switch id={switchId} checked={owner} onCheckedChange={setOwner} />
          {t('asOwner')}
        </label>
      )}
    </Card>
  );
}

interface PersonRequest {
  requestId: string;
  channel: string;
  accountId: string;
  senderId: string;
  senderLabel: string;
  channelLabel: string;
  createdAt: string;
  notifySupported: boolean;
}

function Person({ request, owner }: { request: PersonRequest; owner: boolean }) {
  const { t, i18n } = useTranslation('channels');
  const { channel, accountId, requestId, senderLabel: name } = request;
  const where = { channel, accountId, requestId };
  const approve = useAction(
    () =>
      control.call('channels.pairing.approve', {
        ...where,
        notify: request.notifySupported,
        ...(owner ? { bootstrapCommandOwner: true } : {}),
      }),
    { refresh: [pairingKey, peopleKey], done: () => t('letIn', { name }) },
  );
  const dismiss = useAction(() => control.call('channels.pairing.dismiss', where), {
    refresh: [pairingKey],
    done: () => t('dismissed', { name }),
  });
  return (
    <Entry icon={<UserPlus aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />}>
      <div className="min-w-0 flex-1 basis-56">
        <p className="break-words text-sm">
          {t('asks', { name, channel: labelOf(channel, request.channelLabel, i18n.language) })}
        </p>
        <p className="flex flex-wrap gap-x-3 text-ink-faint text-xs">
          <code className="break-all">{request.senderId}</code>
          <Ago at={Date.parse(request.createdAt)} />
        </p>
      </div>
      <div className="flex gap-2">
        <Button
          size="small"
          look="primary"
          aria-label={t('letInOf', { name })}
          busy={approve.isPending}
          onClick={() => approve.mutate()}
        >
          {t('letInDo')}
        </Button>
        <Button
          size="small"
          aria-label={t('dismissOf', { name })}
          busy={dismiss.isPending}
          onClick={() => dismiss.mutate()}
        >
          {t('dismiss')}
        </Button>
      </div>
    </Entry>
  );
}

function Friend({ request }: { request: FriendRequest }) {
  const { t, i18n } = useTranslation('channels');
  const name = request.name || String(request.userId);
  const kind = request.type === 'friend' ? 'friend' : request.subType === 'invite' ? 'invite' : 'join';
  const decide = useAction((yes: boolean) => decideRequest(request.flag, yes), {
    refresh: [requestsKey],
    done: (_, yes) => t(yes ? 'accepted' : 'refused', { name }),
  });
  const askToRefuse = async () => {
    if (await confirm({ title: t('refuse.title', { name }), text: t('refuse.text'), action: t('refuse') }))
      decide.mutate(false);
  };
  return (
    <Entry icon={<Users aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />}>
      <div className="min-w-0 flex-1 basis-56">
        <p className="break-words text-sm">{t(`request.${kind}`, { name, group: String(request.groupId ?? '') })}</p>
        {request.comment && <p className="break-words text-ink-soft text-sm">{request.comment}</p>}
        <p className="flex flex-wrap gap-x-3 text-ink-faint text-xs">
          <span>{labelOf(request.channel, undefined, i18n.language)}</span>
          <Ago at={request.time} />
        </p>
      </div>
      <div className="flex gap-2">
        <Button size="small" look="primary" busy={decide.isPending} onClick={() => decide.mutate(true)}>
          {t('accept')}
        </Button>
        <Button size="small" disabled={decide.isPending} onClick={() => void askToRefuse()}>
          {t('refuse')}
        </Button>
      </div>
    </Entry>
  );
}

function Entry({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      {icon}
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-2">{children}</div>
    </li>
  );
}
