import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Bot, Cpu, Eraser, PanelLeft } from 'lucide-react';
import { type ReactNode, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useGo, useSearchValues } from '@/app/links';
import { callKey, useCall, useConnection } from '@/client/control';
import type { AgentList, ModelEntry } from '@/client/control-types';
import { sessionName } from '@/client/session-names';
import { wordsOf } from '@/client/words';
import { Empty, Failed, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Select } from '@/components/ui/input';
import { toast } from '@/components/ui/toasts';
import { writeDraft } from '@/lib/drafts';
import { freshId } from '@/lib/ids';
import { Approvals } from './approvals';
import { Composer } from './composer';
import type { Conversation } from './conversation';
import { forkSession, Origin } from './fork';
import { Messages, plainOf } from './messages';
import { SessionList } from './session-list';
import { SessionMenu } from './session-menu';
import { copiedUpTo, type Entry } from './transcript';
import { useAgentChat } from './use-agent-chat';
import { clearTalk, useModelChat } from './use-model-chat';

const newKey = (agent: string) => `agent:${agent}:console:${freshId().slice(0, 12)}`;
const draftOf = (key: string) => `chat ${key}`;
const agentOf = (key: string) => (key.startsWith('agent:') ? (key.split(':')[1] ?? '') : '');

/** Talking with agents and models. The address says with whom: `?session=` or `?model=`. */
export default function Chat() {
  const { t } = useTranslation('chat');
  const go = useGo();
  const { session: asked, model } = useSearchValues();
  const { welcome } = useConnection();
  const agents = useCall('agents.list', {}, { staleTime: 60_000 });
  const models = useCall('models.list', {}, { staleTime: 60_000 });
  const [list, setList] = useState(false);
  const main = welcome?.snapshot.sessionDefaults?.mainSessionKey;
  const key = model ? undefined : (asked ?? main);
  const agent = agentOf(key ?? '') || agents.data?.defaultId || 'main';
  const begin = (id: string) => {
    setList(false);
    go({ to: '/chat', search: { session: newKey(id) } });
  };
  const head = (
    <>
      <Button look="quiet" size="icon" className="md:hidden" aria-label={t('sessions')} onClick={() => setList(true)}>
        <PanelLeft aria-hidden />
      </Button>
      <Target
        agents={agents.data}
        models={models.data?.models}
        agent={model ? undefined : agent}
        model={model}
        onAgent={(id) =>
          id === agentOf(main ?? '') && main ? go({ to: '/chat', search: { session: main } }) : begin(id)
        }
        onModel={(name) => go({ to: '/chat', search: { model: name } })}
      />
    </>
  );
  return (
    <div className="flex h-full min-h-0">
      <div className="hidden w-72 shrink-0 border-line border-r bg-surface md:block">
        <SessionList chosen={key} onNew={() => begin(agent)} />
      </div>
      <Dialog open={list} onOpenChange={setList} title={t('sessions')} shape="drawer-left" hideTitle>
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the links in it do it; this closes what is above the page */}
        <div className="h-full" onClick={(event) => (event.target as HTMLElement).closest('a') && setList(false)}>
          <SessionList chosen={key} onNew={() => begin(agent)} />
        </div>
      </Dialog>
      {model ? (
        <ModelChat key={model} model={model} head={head} />
      ) : key ? (
        <AgentChat key={key} sessionKey={key} agents={agents.data} head={head} />
      ) : (
        <Skeleton lines={8} className="flex-1 p-6" />
      )}
    </div>
  );
}

interface TargetProps {
  agents?: AgentList;
  models?: ModelEntry[];
  agent?: string;
  model?: string;
  onAgent(id: string): void;
  onModel(name: string): void;
}

/** With whom to talk. */
function Target({ agents, models, agent, model, onAgent, onModel }: TargetProps) {
  const { t } = useTranslation('chat');
  const plain =
    models?.filter((each) => each.provider !== 'openclaw').map((each) => `${each.provider}/${each.id}`) ?? [];
  if (model && !plain.includes(model)) plain.unshift(model);
  const Icon = model ? Cpu : Bot;
  return (
    <div className="flex min-w-0 items-center gap-2">
      <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" />
      <Select
        aria-label={t('with')}
        className="max-w-64"
        value={model ? `model ${model}` : `agent ${agent}`}
        onChange={(event) => {
          const [kind, ...rest] = event.target.value.split(' ');
          if (kind === 'agent') onAgent(rest.join(' '));
          else onModel(rest.join(' '));
        }}
      >
        <optgroup label={t('agents')}>
          {(agents?.agents ?? (agent ? [{ id: agent } as AgentList['agents'][number]] : [])).map((each) => (
            <option key={each.id} value={`agent ${each.id}`}>
              {nameOf(each)}
            </option>
          ))}
        </optgroup>
        <optgroup label={t('models')}>
          {plain.map((name) => (
            <option key={name} value={`model ${name}`}>
              {name}
            </option>
          ))}
        </optgroup>
      </Select>
    </div>
  );
}

function nameOf(agent: AgentList['agents'][number] | undefined): string {
  if (!agent) return '';
  const name = agent.identity?.name ?? agent.name ?? agent.id;
  return agent.identity?.emoji ? `${agent.identity.emoji} ${name}` : name;
}

const commands = ['/new', '/reset', '/compact', '/stop'];

function AgentChat({ sessionKey, agents, head }: { sessionKey: string; agents?: AgentList; head: ReactNode }) {
  const { t } = useTranslation('chat');
  const conversation = useAgentChat(sessionKey);
  const sessions = useCall('sessions.list', { limit: 100, includeDerivedTitles: true, includeLastMessage: true });
  const row = sessions.data?.sessions.find((each) => each.key === sessionKey);
  const agent = agents?.agents.find((each) => each.id === agentOf(sessionKey));
  const name = nameOf(agent) || agentOf(sessionKey);
  const fork = useFork(sessionKey);
  return (
    <View
      conversation={conversation}
      name={name}
      head={head}
      title={row ? sessionName(row) : undefined}
      actions={row && <SessionMenu sessionKey={sessionKey} row={row} />}
      draft={draftOf(sessionKey)}
      commands={commands}
      intro={<Empty icon={Bot} title={t('begin', { name })} text={t('beginText')} />}
      onFork={fork}
      before={row?.forkedFrom && <Origin from={row.forkedFrom.key} sessions={sessions.data?.sessions ?? []} />}
      below={<Approvals sessionKey={sessionKey} />}
    />
  );
}

/** Goes on from a message in a new conversation; what was asked there stands in its field, to be asked differently. */
function useFork(sessionKey: string): (entry: Entry) => void {
  const { t } = useTranslation('chat');
  const go = useGo();
  const queries = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: async (entry: Entry) => {
      const line = copiedUpTo(entry);
      const key = line ? await forkSession(sessionKey, line) : newKey(agentOf(sessionKey) || 'main');
      if (entry.role === 'user') writeDraft(draftOf(key), plainOf(entry));
      await queries.invalidateQueries({ queryKey: callKey('sessions.list') });
      return key;
    },
    onError: (fault) => toast.bad(wordsOf(fault, t)),
    onSuccess: (key) => {
      toast.good(t('fork.done'));
      go({ to: '/chat', search: { session: key } });
    },
  });
  return useCallback((entry) => mutate(entry), [mutate]);
}

function ModelChat({ model, head }: { model: string; head: ReactNode }) {
  const { t } = useTranslation('chat');
  const conversation = useModelChat(model);
  return (
    <View
      conversation={conversation}
      name={model}
      head={head}
      draft={`chat model ${model}`}
      actions={
        conversation.entries.length > 0 && (
          <Button look="quiet" size="icon" aria-label={t('reset.do')} onClick={() => clearTalk(model)}>
            <Eraser aria-hidden />
          </Button>
        )
      }
      intro={<Empty icon={Cpu} title={t('begin', { name: model })} text={t('beginModelText')} />}
    />
  );
}

interface ViewProps {
  conversation: Conversation;
  name: string;
  head: ReactNode;
  title?: string;
  actions?: ReactNode;
  draft: string;
  commands?: readonly string[];
  intro: ReactNode;
  onFork?(entry: Entry): void;
  before?: ReactNode;
  below?: ReactNode;
}

function View(props: ViewProps) {
  const { conversation, name, head, title, actions, draft, commands: known, intro, onFork, before, below } = props;
  const { entries, loading, error, running, waiting } = conversation;
  return (
    <section aria-label={name} className="flex min-w-0 flex-1 flex-col">
      <div className="flex h-12 shrink-0 items-center gap-2 border-line border-b bg-surface px-3">
        {head}
        {title && <p className="hidden min-w-0 flex-1 truncate text-ink-soft text-sm sm:block">{title}</p>}
        <div className="ml-auto">{actions}</div>
      </div>
      {error && <Failed error={error} retry={conversation.retry} className="m-3" />}
      {loading ? (
        <Skeleton lines={8} className="mx-auto w-full max-w-3xl flex-1 content-start p-6" />
      ) : (
        <Messages entries={entries} waiting={waiting} running={running} name={name} onFork={onFork} before={before}>
          {!entries.length && !running && intro}
          {below}
        </Messages>
      )}
      <Composer name={draft} conversation={conversation} commands={known} />
    </section>
  );
}
