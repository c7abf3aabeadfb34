import { Plus, X } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { useCall } from '@/client/control';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { configKey } from './data';
import { type Binding, bindingsOf, sameMatch } from './entries';

const peers = ['group', 'direct', 'channel'] as const;

/** Which messages of the channels an agent answers. */
export function Bindings({ id, config }: { id: string; config: Record<string, unknown> }) {
  const { t } = useTranslation('agents');
  const status = useCall('channels.status', {});
  const all = bindingsOf(config);
  const own = all.filter((each) => each.agentId.toLowerCase() === id);
  const [channel, setChannel] = useState('');
  const [account, setAccount] = useState('');
  const [kind, setKind] = useState('');
  const [peer, setPeer] = useState('');
  const change = useAction(
    (next: (now: Binding[]) => Binding[]) => patchConfig((now) => ({ bindings: next(bindingsOf(now)) })),
    { refresh: [configKey], done: () => t('saved') },
  );
  const chosen = channel || status.data?.channelOrder[0] || '';
  const accounts = status.data?.channelAccounts[chosen] ?? [];
  const match = {
    channel: chosen,
    ...(account ? { accountId: account } : {}),
    ...(kind ? { peer: { kind, id: peer.trim() } } : {}),
  };
  const holder = all.find((each) => sameMatch(each.match, match))?.agentId;
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (holder) return;
    change.mutate((now) => [...now, { agentId: id, match }], { onSuccess: () => setPeer('') });
  };
  const remove = (gone: Binding) => {
    const said = JSON.stringify(gone);
    change.mutate((now) => now.filter((each) => JSON.stringify(each) !== said));
  };
  return (
    <Card title={t('bindings')} className="max-w-3xl">
      <p className="mb-3 text-ink-soft text-sm">{t('bindings.text')}</p>
      {own.length > 0 && (
        <ul className="mb-4 divide-y divide-line border-line border-y">
          {own.map((each) => {
            const words = wordsOf(each);
            return (
              <li key={JSON.stringify(each)} className="flex items-center gap-3 py-2">
                <span className="min-w-0 flex-1 break-words text-sm">
                  {status.data?.channelLabels[each.match.channel] ?? each.match.channel}
                  {words.account && <span className="text-ink-soft">{` · ${words.account}`}</span>}
                  {each.match.peer ? (
                    <span className="text-ink-soft">
                      {` · ${t(`peer.${each.match.peer.kind}`, { defaultValue: each.match.peer.kind })} `}
                      <code>{each.match.peer.id}</code>
                    </span>
                  ) : (
                    <span className="text-ink-soft">{` · ${t('peer.any')}`}</span>
                  )}
                  {each.comment && <span className="block text-ink-faint text-xs">{each.comment}</span>}
                </span>
                <Button
                  look="quiet"
                  size="small-icon"
                  aria-label={t('bindings.remove', { name: words.all })}
                  disabled={change.isPending}
                  onClick={() => remove(each)}
                >
                  <X aria-hidden />
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      {status.data?.channelOrder.length ? (
        <form onSubmit={add} className="grid items-end gap-3 sm:grid-cols-2 lg:grid-cols-4">
          <Field label={t('bindings.channel')}>
            <Select
              value={chosen}
              onChange={(event) => {
                setChannel(event.target.value);
                setAccount('');
              }}
            >
              {status.data.channelOrder.map((each) => (
                <option key={each} value={each}>
                  {status.data.channelLabels[each] ?? each}
                </option>
              ))}
            </Select>
          </Field>
          <Field label={t('bindings.account')}>
            <Select value={account} onChange={(event) => setAccount(event.target.value)}>
              <option value="">{t('bindings.usual')}</option>
              <option value="*">{t('bindings.all')}</option>
              {accounts.map((each) => (
                <option key={each.accountId} value={each.accountId}>
                  {each.name ?? each.accountId}
                </option>
              ))}
            </Select>
          </Field>
          <Field label={t('bindings.chats')}>
            <Select value={kind} onChange={(event) => setKind(event.target.value)}>
              <option value="">{t('peer.any')}</option>
              {peers.map((each) => (
                <option key={each} value={each}>
                  {t(`peer.${each}`)}
                </option>
              ))}
            </Select>
          </Field>
          {kind && (
            <Field label={t('bindings.id')}>
              <Input required value={peer} onChange={(event) => setPeer(event.target.value)} />
            </Field>
          )}
          <div>
            <Button type="submit" busy={change.isPending} disabled={Boolean(holder) || (Boolean(kind) && !peer.trim())}>
              <Plus aria-hidden />
              {t('bindings.add')}
            </Button>
          </div>
          {holder && (
            <p role="status" className="col-span-full text-ink-soft text-sm">
              {t('bindings.double', { agent: holder })}
            </p>
          )}
        </form>
      ) : (
        <p className="text-ink-faint text-sm">{t('bindings.none')}</p>
      )}
    </Card>
  );
}

function wordsOf({ match }: Binding): { account: string; all: string } {
  const account = match.accountId ?? '';
  return { account, all: [match.channel, account, match.peer?.id].filter(Boolean).join(' ') };
}
