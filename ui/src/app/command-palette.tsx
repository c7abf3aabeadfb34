import {
  Bot,
  DatabaseBackup,
  HeartPulse,
  Link2,
  LogOut,
  MessageSquarePlus,
  Monitor,
  Moon,
  RotateCw,
  Search,
  Sun,
} from 'lucide-react';
import { type ComponentType, type KeyboardEvent, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control, useMethod } from '@/client/control';
import { rest } from '@/client/rest';
import { signOut, usePermission } from '@/client/session';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { toast } from '@/components/ui/toasts';
import { type Language, languageNames, languages, setLanguage } from '@/i18n';
import { copyText } from '@/lib/clipboard';
import { cn } from '@/lib/cn';
import { freshId } from '@/lib/ids';
import { setTheme } from '@/lib/preferences';
import { useAction } from '@/lib/use-action';
import { useGo } from './links';
import { groups } from './page';
import { useVisiblePages } from './pages';
import { useFinds } from './palette-finds';

interface Command {
  id: string;
  label: string;
  group: string;
  /** Where it is, for what is called alike elsewhere. */
  detail?: string;
  /** What it is found by besides its label. */
  words: string;
  icon?: ComponentType<{ className?: string }>;
  run(): void;
}

const MOST = 60;

/** How well a command matches what was typed; 0: not at all. All words must be found somewhere. */
export function rank(typed: string, label: string, words: string): number {
  const asked = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const name = label.toLowerCase();
  const all = `${name} ${words.toLowerCase()}`;
  if (!asked.every((word) => all.includes(word))) return 0;
  if (!asked.length) return 1;
  const first = asked[0] ?? '';
  return name.startsWith(first) ? 4 : name.includes(first) ? 3 : 2;
}

export default function CommandPalette({ open, onOpenChange }: { open: boolean; onOpenChange(open: boolean): void }) {
  const { t } = useTranslation('common');
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('search')} hideTitle>
      <Palette close={() => onOpenChange(false)} />
    </Dialog>
  );
}

/** What is in reach from anywhere. What whoever is signed in may not do is not there. */
function useDeeds(): Command[] {
  const { t } = useTranslation('common');
  const go = useGo();
  const may = usePermission('system.manage');
  const canTalk = useMethod('chat.send');
  const canMake = useMethod('agents.create');
  const canKeep = useMethod('backups.create') && may;
  const { mutate: restart } = useAction(() => rest.post('/v1/gateway/restart', { timeoutMs: 120_000 }), {
    done: () => t('palette.restarting'),
  });
  const { mutate: keep } = useAction(() => control.call('backups.create', { kind: 'full' }), {
    onDone: ({ id }) => go({ to: '/health', search: { tab: 'backups', task: id } }),
  });
  const { mutate: look } = useAction(() => control.call('health', { probe: true }, { timeoutMs: 60_000 }), {
    onDone: () => go({ to: '/health' }),
  });
  return useMemo(() => {
    const askRestart = async () => {
      const question = {
        title: t('palette.restartTitle'),
        text: t('palette.restartText'),
        action: t('palette.restart'),
      };
      if (await confirm(question)) restart();
    };
    const beginChat = async () => {
      const { defaultId } = await control.call('agents.list', {});
      go({ to: '/chat', search: { session: `agent:${defaultId}:console:${freshId().slice(0, 12)}` } });
    };
    const copyAddress = async () => {
      if (await copyText(location.origin)) toast.good(t('copied'), { detail: location.origin });
      else toast.bad(t('copyFailed'));
    };
    const deeds: (Omit<Command, 'group'> | false)[] = [
      canTalk && {
        id: 'new-chat',
        label: t('palette.newChat'),
        icon: MessageSquarePlus,
        words: 'new chat conversation 新对话 聊天',
        run: () => void beginChat().catch(() => go({ to: '/chat' })),
      },
      canMake && {
        id: 'new-agent',
        label: t('palette.newAgent'),
        icon: Bot,
        words: 'new create agent 新建 创建 智能体',
        run: () => go({ to: '/agents', search: { new: 'blank' } }),
      },
      may && {
        id: 'restart',
        label: t('palette.restartGateway'),
        icon: RotateCw,
        words: 'restart reboot 重启 网关',
        run: () => void askRestart(),
      },
      canKeep && {
        id: 'backup',
        label: t('palette.backup'),
        icon: DatabaseBackup,
        words: 'make backup save 备份',
        run: () => keep(),
      },
      {
        id: 'look',
        label: t('palette.look'),
        icon: HeartPulse,
        words: 'doctor heal check health 诊断 自愈 检查 健康',
        run: () => look(),
      },
      {
        id: 'address',
        label: t('palette.address'),
        icon: Link2,
        words: 'copy address url base 复制 地址 网关',
        run: () => void copyAddress(),
      },
    ];
    return deeds.filter((each) => each !== false).map((each) => ({ ...each, group: t('actions') }));
  }, [t, go, may, canTalk, canMake, canKeep, restart, keep, look]);
}

function useCommands(): Command[] {
  const { t, i18n } = useTranslation('common');
  const language = i18n.language as Language;
  const pages = useVisiblePages();
  const go = useGo();
  const deeds = useDeeds();
  return useMemo(() => {
    const inOrder = groups.flatMap((group) => pages.filter((page) => page.group === group));
    const toPages = inOrder.map((page) => ({
      id: `page-${page.id}`,
      label: page.label[language],
      group: t('pages'),
      words: `${Object.values(page.label).join(' ')} ${page.keywords ?? ''} ${page.id}`,
      icon: page.icon,
      run: () => go({ to: page.routes[0].path.split('/$')[0] || '/' }),
    }));
    const actions: Command[] = [
      {
        id: 'system-theme',
        label: t('palette.systemTheme'),
        icon: Monitor,
        words: 'theme system auto 主题 跟随系统',
        run: () => setTheme('system'),
      },
      { id: 'dark', label: t('useDark'), icon: Moon, words: 'theme dark 主题 深色', run: () => setTheme('dark') },
      { id: 'light', label: t('useLight'), icon: Sun, words: 'theme light 主题 浅色', run: () => setTheme('light') },
      ...languages
        .filter((each) => each !== language)
        .map((each) => ({
          id: `language-${each}`,
          label: languageNames[each],
          words: 'language 语言 english 中文',
          run: () => void setLanguage(each),
        })),
      { id: 'reconnect', label: t('connection.now'), words: 'reconnect 重连', run: () => control.retry() },
      { id: 'sign-out', label: t('signOut'), icon: LogOut, words: 'logout sign out 退出', run: () => void signOut() },
    ].map((each) => ({ ...each, group: t('actions') }));
    return [...toPages, ...deeds, ...actions];
  }, [t, language, pages, go, deeds]);
}

function Palette({ close }: { close(): void }) {
  const { t } = useTranslation('common');
  const id = useId();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const commands = useCommands();
  const typing = Boolean(typed.trim());
  const finds = useFinds(typing);
  const found = (typing ? [...commands, ...finds] : commands)
    .map((command) => ({ command, score: rank(typed, command.label, command.words) }))
    .filter((each) => each.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map((each) => each.command);
  const place = Math.min(at, found.length - 1);

  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };

  const pressed = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step && found.length) {
      event.preventDefault();
      const next = (place + step + found.length) % found.length;
      setAt(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(found[place]);
    }
  };

  return (
    <div className="flex max-h-[60vh] flex-col">
      <div className="flex items-center gap-2 border-line border-b px-4">
        <Search aria-hidden className="size-4 text-ink-faint" />
        <input
          // biome-ignore lint/a11y/noAutofocus: whoever opens the palette wants to type
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length ? `${id}-${place}` : undefined}
          aria-label={t('search')}
          placeholder={t('searchHint')}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={pressed}
          className="h-12 min-w-0 flex-1 bg-transparent text-base focus-visible:outline-none"
        />
      </div>
      <div id={`${id}-list`} role="listbox" aria-label={t('search')} className="min-h-0 overflow-y-auto p-2">
        {found.map((command, number) => (
          <div key={command.id}>
            {/* biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the field has the keyboard */}
            <div
              id={`${id}-${number}`}
              role="option"
              aria-selected={number === place}
              onClick={() => run(command)}
              onMouseMove={() => setAt(number)}
              className={cn(
                'flex cursor-pointer items-center gap-3 rounded-md px-3 py-2 text-sm',
                number === place && 'bg-accent-wash',
              )}
            >
              {command.icon ? <command.icon className="size-4 text-ink-faint" /> : <span className="size-4" />}
              <span className="min-w-0 flex-1 truncate">
                {command.label}
                {command.detail && <span className="ml-2 font-mono text-ink-faint text-xs">{command.detail}</span>}
              </span>
              <span className="text-ink-faint text-xs">{command.group}</span>
            </div>
          </div>
        ))}
      </div>
      {!found.length && (
        <p role="status" className="px-4 pb-6 text-center text-ink-soft text-sm">
          {t('nothingFound')}
        </p>
      )}
    </div>
  );
}
