import { Bot, Cable, Cpu, type LucideIcon, MessageSquare, Settings2 } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall, useMethod } from '@/client/control';
import { usePermission } from '@/client/session';
import { sessionName } from '@/client/session-names';
import { labelOf } from '@/components/schema-form/schema';
import { type To, useGo } from './links';
import { pages } from './pages';

export interface Find {
  id: string;
  label: string;
  group: string;
  /** Where it is, for what is called alike elsewhere. */
  detail?: string;
  /** What it is found by besides its label. */
  words: string;
  icon: LucideIcon;
  run(): void;
}

const fresh = 30_000;
const mostSessions = 100;

/** The name of a page in both languages: what lies behind it is found by that, too. */
const wordsOfPage = (id: string): string => Object.values(pages.find((page) => page.id === id)?.label ?? {}).join(' ');

/** What people have here and may look for: agents, sessions, providers and models, channels, settings. It is asked for once somebody
 * types. */
export function useFinds(typing: boolean): Find[] {
  const { t, i18n } = useTranslation('common');
  const go = useGo();
  const ask = (has: boolean) => ({ enabled: typing && has, staleTime: fresh });
  const agents = useCall('agents.list', {}, ask(useMethod('agents.list'))).data;
  const sessions = useCall(
    'sessions.list',
    { limit: mostSessions, includeDerivedTitles: true },
    ask(useMethod('sessions.list')),
  ).data;
  const models = useCall('models.list', {}, ask(useMethod('models.list'))).data;
  const channels = useCall('channels.status', {}, ask(useMethod('channels.status'))).data;
  const maySet = usePermission('config.read');
  const schema = useCall('config.schema', {}, ask(useMethod('config.schema') && maySet)).data;
  const language = i18n.language;

  return useMemo(() => {
    const group = (id: string) => pages.find((page) => page.id === id)?.label[language as 'en' | 'zh-CN'] ?? id;
    const find = (page: string, icon: LucideIcon, id: string, label: string, words: string, to: To): Find => ({
      id: `${page} ${id}`,
      label,
      group: group(page),
      words: `${words} ${wordsOfPage(page)}`,
      icon,
      run: () => go(to),
    });
    const toAgents = (agents?.agents ?? []).map(({ id, name, identity }) =>
      find('agents', Bot, id, identity?.name ?? name ?? id, `${id} ${name ?? ''}`, {
        to: '/agents/$id',
        params: { id },
      }),
    );
    const toSessions = (sessions?.sessions ?? []).map((row) =>
      find('sessions', MessageSquare, row.key, sessionName(row), `${row.key} ${row.channel ?? ''}`, {
        to: '/chat',
        search: { session: row.key },
      }),
    );
    const known = (models?.models ?? []).filter(({ provider }) => provider !== 'openclaw');
    const toProviders = [...new Set(known.map(({ provider }) => provider))].map((provider) =>
      find('models', Cpu, provider, provider, t('palette.provider'), { to: '/models', search: { provider } }),
    );
    const toModels = known.map(({ id, provider, name }) =>
      find('models', Cpu, `${provider}/${id}`, `${provider}/${id}`, `${name} ${t('palette.askModel')}`, {
        to: '/chat',
        search: { model: `${provider}/${id}` },
      }),
    );
    const toChannels = (channels?.channelOrder ?? []).flatMap((channel) =>
      (channels?.channelAccounts[channel] ?? []).map(({ accountId, name }) => {
        const label = channels?.channelLabels[channel] ?? channel;
        const own = name ?? (accountId === 'default' ? '' : accountId);
        return find(
          'channels',
          Cable,
          `${channel}/${accountId}`,
          own ? `${label} · ${own}` : label,
          `${channel} ${accountId}`,
          {
            to: '/channels',
            search: { channel, account: accountId },
          },
        );
      }),
    );
    // The path has the English words whatever the language of the label.
    const toSettings = Object.entries(schema?.uiHints ?? {})
      .filter(([path]) => !path.includes('*'))
      .map(([path, hint]) => {
        const own = path.split('.').map(labelOf).join(' ');
        const to = { to: '/configuration', search: { at: path } };
        return { ...find('configuration', Settings2, path, hint.label ?? path, `${path} ${own}`, to), detail: path };
      });
    return [...toAgents, ...toSessions, ...toProviders, ...toModels, ...toChannels, ...toSettings];
  }, [t, language, go, agents, sessions, models, channels, schema]);
}
