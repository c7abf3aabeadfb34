import { commandsOf } from '@/client/approvals';
import type { ApprovalRequest, ChannelsStatus, HealthSnapshot, ModelEntry } from '@/client/control-types';
import type { FriendRequest } from '@/client/friend-requests';
import type { Account, ServiceStatus } from './data';

export type Mend =
  | { kind: 'go'; to: string; search?: Record<string, string> }
  | { kind: 'start-service' }
  | { kind: 'start-channel'; channel: string; accountId: string }
  | { kind: 'resume-account'; id: string }
  | { kind: 'decide'; id: string }
  | { kind: 'friend'; flag: string }
  | { kind: 'pairing'; channel: string; accountId: string; requestId: string };

/** Something that somebody should look at, and what mends it. `text` is a key of the page's texts. */
export interface Concern {
  id: string;
  severity: 'bad' | 'warn' | 'ask';
  text: string;
  values?: Record<string, string>;
  detail?: string;
  mend?: Mend;
}

export interface Known {
  health?: HealthSnapshot;
  models?: ModelEntry[];
  service?: ServiceStatus;
  channels?: ChannelsStatus;
  accounts?: Account[];
  approvals?: ApprovalRequest[];
  pairing?: { requestId: string; channel: string; accountId: string; senderLabel: string; channelLabel: string }[];
  friends?: FriendRequest[];
  update?: string;
}

const weight = { ask: 0, bad: 1, warn: 2 };
/** What has a concern of its own is not told again by its part of the health. */
const toldElsewhere = new Set(['channels', 'accounts']);

/** What needs attention, the most pressing first. Pure. */
export function concernsOf(known: Known): Concern[] {
  return [
    ...ofRequests(known),
    ...ofService(known),
    ...ofHealth(known),
    ...ofChannels(known.channels),
    ...ofAccounts(known.accounts ?? []),
  ].sort((a, b) => weight[a.severity] - weight[b.severity]);
}

function ofRequests({ approvals = [], pairing = [], friends = [] }: Known): Concern[] {
  return [
    ...commandsOf(approvals).map(
      ({ id, request }): Concern => ({
        id: `approval-${id}`,
        severity: 'ask',
        text: 'concern.approval',
        values: { agent: request.agentId ?? '' },
        detail: request.commandArgv?.join(' ') ?? request.command,
        mend: { kind: 'decide', id },
      }),
    ),
    ...pairing.map(
      ({ requestId, channel, accountId, senderLabel, channelLabel }): Concern => ({
        id: `pairing-${requestId}`,
        severity: 'ask',
        text: 'concern.pairing',
        values: { who: senderLabel, channel: channelLabel },
        mend: { kind: 'pairing', channel, accountId, requestId },
      }),
    ),
    ...friends.map((asked): Concern => {
      const what = asked.type === 'friend' ? 'friend' : asked.subType === 'invite' ? 'invite' : 'join';
      return {
        id: `friend-${asked.flag}`,
        severity: 'ask',
        text: `concern.${what}`,
        values: { who: asked.name || String(asked.userId), group: String(asked.groupId ?? '') },
        detail: asked.comment || undefined,
        mend: { kind: 'friend', flag: asked.flag },
      };
    }),
  ];
}

function ofService({ service, models, update }: Known): Concern[] {
  const found: Concern[] = [];
  if (service && !service.running)
    found.push({ id: 'service', severity: 'bad', text: 'concern.stopped', mend: { kind: 'start-service' } });
  if (models && !models.some((model) => model.provider !== 'openclaw' && model.provider !== 'crawdad'))
    found.push({ id: 'no-model', severity: 'warn', text: 'concern.noModel', mend: { kind: 'go', to: '/welcome' } });
  if (update) {
    const values = { version: update };
    found.push({ id: 'update', severity: 'warn', text: 'concern.update', values, mend: { kind: 'go', to: '/system' } });
  }
  return found;
}

function ofHealth({ health }: Known): Concern[] {
  return Object.entries(health?.health?.parts ?? {})
    .filter(([part]) => !toldElsewhere.has(part))
    .map(([part, level]) => ({
      id: `health-${part}`,
      severity: level === 'down' ? 'bad' : 'warn',
      text: `health.${part}`,
      mend: { kind: 'go', to: '/health' },
    }));
}

function ofChannels(channels: ChannelsStatus | undefined): Concern[] {
  return (channels?.channelOrder ?? []).flatMap((channel) =>
    (channels?.channelAccounts[channel] ?? [])
      .filter((account) => account.enabled && account.configured && !account.connected)
      .map((account): Concern => {
        const name = channels?.channelLabels[channel] ?? channel;
        const own = account.name || (account.accountId === 'default' ? '' : account.accountId);
        const values = { channel: own ? `${name} (${own})` : name };
        const id = `channel-${channel}-${account.accountId}`;
        const detail = account.lastError ?? undefined;
        if (account.state === 'needs_login')
          return {
            id,
            severity: 'bad',
            text: 'concern.channelLogin',
            values,
            detail,
            mend: { kind: 'go', to: '/channels', search: { channel, account: account.accountId } },
          };
        if (!account.running)
          return {
            ...{ id, severity: 'warn', text: 'concern.channelStopped', values, detail },
            mend: { kind: 'start-channel', channel, accountId: account.accountId },
          } as Concern;
        return {
          id,
          severity: 'bad',
          text: 'concern.channelLost',
          values,
          detail,
          mend: { kind: 'go', to: '/channels', search: { channel, account: account.accountId } },
        };
      }),
  );
}

function ofAccounts(accounts: readonly Account[]): Concern[] {
  return accounts.flatMap((account): Concern[] => {
    const values = { account: account.name ?? account.email, provider: account.provider };
    if (account.disabled || account.quota?.is_forbidden) {
      const detail = account.disabled_reason ?? undefined;
      return [
        {
          id: `account-${account.id}`,
          severity: 'bad',
          text: 'concern.account',
          values,
          detail,
          mend: { kind: 'go', to: '/accounts', search: { account: account.id } },
        },
      ];
    }
    if (account.proxy_disabled) {
      const detail = account.proxy_disabled_reason ?? undefined;
      return [
        {
          id: `account-${account.id}`,
          severity: 'warn',
          text: 'concern.accountPaused',
          values,
          detail,
          mend: { kind: 'resume-account', id: account.id },
        },
      ];
    }
    return [];
  });
}
