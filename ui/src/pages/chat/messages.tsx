import {
  ArrowDown,
  Brain,
  ChevronRight,
  CircleAlert,
  FileImage,
  GitFork,
  LoaderCircle,
  Pencil,
  Wrench,
} from 'lucide-react';
import { memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Contained } from '@/components/contained';
import { CopyButton } from '@/components/copy-button';
import { CodeBlock, Markdown } from '@/components/markdown';
import { Moment } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { cn } from '@/lib/cn';
import type { Entry, Part } from './transcript';
import { useOpened } from './use-opened';

interface MessagesProps {
  entries: readonly Entry[];
  waiting: boolean;
  running: boolean;
  /** Who answers. */
  name: string;
  /** Go on from a message in a conversation of its own; absent where that cannot be. */
  onFork?(entry: Entry): void;
  /** Before the first message: where the conversation comes from. */
  before?: ReactNode;
  /** Behind the last message: questions of the agent. */
  children?: ReactNode;
}

/** The messages, held at their end while whoever reads is there. */
export function Messages({ entries, waiting, running, name, onFork, before, children }: MessagesProps) {
  const { t } = useTranslation('chat');
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what is drawn
  useLayoutEffect(() => {
    if (atEnd && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [entries, waiting, children, atEnd]);
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={box}
        role="log"
        aria-label={t('messages')}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          setAtEnd(scrollHeight - scrollTop - clientHeight < 40)
        }
        className="h-full overflow-y-auto overflow-x-hidden px-3 py-4 focus-visible:outline-offset-[-2px] sm:px-6"
      >
        <div className="mx-auto grid max-w-3xl gap-3">
          {before}
          {entries.map((entry) => (
            <Contained key={entry.id}>
              <Message entry={entry} name={name} onFork={onFork} />
            </Contained>
          ))}
          {waiting && (
            <p className="flex items-center gap-2 text-ink-soft text-sm">
              <LoaderCircle aria-hidden className="size-4 animate-spin" />
              {t('thinkingNow')}
            </p>
          )}
          {children}
        </div>
      </div>
      <Announcer entries={entries} running={running} />
      {!atEnd && (
        <Button
          size="small"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 shadow-raised"
          onClick={() => setAtEnd(true)}
        >
          <ArrowDown aria-hidden />
          {t('toEnd')}
        </Button>
      )}
    </div>
  );
}

/** Screen readers hear an answer when it is whole, not word by word. */
function Announcer({ entries, running }: { entries: readonly Entry[]; running: boolean }) {
  const [text, setText] = useState('');
  const was = useRef(running);
  useEffect(() => {
    if (was.current && !running) {
      const last = entries.at(-1);
      if (last?.role === 'assistant') setText(plainOf(last).slice(0, 2000));
    }
    was.current = running;
  }, [running, entries]);
  return (
    <p className="sr-only" aria-live="polite">
      {text}
    </p>
  );
}

export function plainOf(entry: Entry): string {
  return entry.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n\n');
}

interface MessageProps {
  entry: Entry;
  name: string;
  onFork?(entry: Entry): void;
}

const Message = memo(function Message({ entry, name, onFork }: MessageProps) {
  const { t } = useTranslation('chat');
  const own = entry.role === 'user' && !entry.beat;
  const text = plainOf(entry);
  return (
    <article
      aria-label={own ? t('you') : name}
      className={cn(
        'group min-w-0 [contain-intrinsic-size:auto_120px] [content-visibility:auto]',
        own && 'justify-self-end',
      )}
    >
      <div
        className={cn(
          'grid min-w-0 gap-2.5',
          own && 'max-w-[min(40rem,88vw)] rounded-xl rounded-br-sm bg-accent-wash px-3.5 py-2.5',
          entry.role === 'note' && 'text-ink-soft text-sm',
        )}
      >
        {entry.beat && <Beat text={text} />}
        {(entry.beat ? [] : entry.parts).map((part, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a message grows at its end
          <PartView key={place} part={part} own={own} />
        ))}
        {entry.ended === 'aborted' && <Badge>{t('stopped')}</Badge>}
        {entry.ended === 'error' && (
          <p role="alert" className="flex items-start gap-2 rounded-md bg-bad-wash px-3 py-2 text-sm">
            <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
            <span className="min-w-0 break-words">{entry.error || t('failed')}</span>
          </p>
        )}
      </div>
      {(text || entry.at) && (
        <footer
          className={cn(
            'mt-0.5 flex h-7 items-center gap-2 text-ink-faint text-xs opacity-0 transition-opacity focus-within:opacity-100 group-hover:opacity-100 max-lg:opacity-100',
            own && 'justify-end',
          )}
        >
          <Moment at={entry.at} className="numbers" />
          {entry.model && !own && <span className="truncate">{entry.model}</span>}
          {text && <CopyButton text={text} label={t('copyMessage')} />}
          {onFork && entry.lines && entry.role !== 'note' && (
            <Button
              look="quiet"
              size="small-icon"
              aria-label={t(own ? 'fork.edit' : 'fork.do')}
              title={t(own ? 'fork.edit' : 'fork.do')}
              onClick={() => onFork(entry)}
            >
              {own ? <Pencil aria-hidden /> : <GitFork aria-hidden />}
            </Button>
          )}
        </footer>
      )}
    </article>
  );
});

function PartView({ part, own }: { part: Part; own: boolean }) {
  switch (part.kind) {
    case 'text':
      return own ? <p className="whitespace-pre-wrap break-words">{part.text}</p> : <Markdown text={part.text} />;
    case 'thinking':
      return <Thinking text={part.text} />;
    case 'tool':
      return <Tool part={part} />;
    case 'media':
      return part.address ? (
        <img src={part.address} alt={part.name} className="max-h-72 max-w-full rounded-md" />
      ) : (
        <p className="flex items-center gap-1.5 text-ink-soft text-sm">
          <FileImage aria-hidden className="size-4" />
          {part.name}
        </p>
      );
  }
}

function Beat({ text }: { text: string }) {
  const { t } = useTranslation('chat');
  return (
    <details className="text-ink-faint text-xs">
      <summary>{t('heartbeat')}</summary>
      <p className="mt-1 whitespace-pre-wrap">{text}</p>
    </details>
  );
}

function Thinking({ text }: { text: string }) {
  const { t } = useTranslation('chat');
  return (
    <details {...useOpened(`thinking ${text.slice(0, 40)}`)} className="group/thinking text-ink-soft text-sm">
      <summary className="inline-flex list-none items-center gap-1.5 rounded-md py-0.5">
        <Brain aria-hidden className="size-4" />
        {t('thoughts')}
        <ChevronRight aria-hidden className="size-3.5 transition-transform group-open/thinking:rotate-90" />
      </summary>
      <div className="mt-1 border-line border-l-2 pl-3">
        <Markdown text={text} />
      </div>
    </details>
  );
}

/** The most telling argument of a call, for its line. */
function gistOf(args: unknown): string {
  if (typeof args !== 'object' || args === null) return typeof args === 'string' ? args : '';
  const known = args as Record<string, unknown>;
  const value = ['command', 'path', 'url', 'query', 'pattern', 'message'].map((name) => known[name]).find(Boolean);
  return typeof value === 'string'
    ? value
    : ((Object.values(known).find((each) => typeof each === 'string') as string) ?? '');
}

function Tool({ part }: { part: Extract<Part, { kind: 'tool' }> }) {
  const { t } = useTranslation('chat');
  const args = typeof part.args === 'string' ? part.args : JSON.stringify(part.args ?? {}, null, 2);
  return (
    <details
      {...useOpened(`tool ${part.id}`)}
      className="group/tool min-w-0 rounded-md border border-line bg-surface text-sm"
    >
      <summary className="flex list-none items-center gap-2 px-3 py-1.5">
        {part.state === 'running' ? (
          <LoaderCircle aria-label={t('tool.running')} className="size-4 shrink-0 animate-spin text-accent" />
        ) : (
          <Wrench
            aria-label={t(`tool.${part.state}`)}
            className={cn('size-4 shrink-0', part.state === 'failed' ? 'text-bad' : 'text-ink-faint')}
          />
        )}
        <span className="font-medium">{part.name}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-ink-faint text-xs">{gistOf(part.args)}</span>
        {part.state === 'failed' && <Badge tone="bad">{t('tool.failed')}</Badge>}
        <ChevronRight
          aria-hidden
          className="size-3.5 shrink-0 text-ink-faint transition-transform group-open/tool:rotate-90"
        />
      </summary>
      <div className="grid gap-2 border-line border-t p-3">
        <p className="font-medium text-ink-faint text-xs">{t('tool.arguments')}</p>
        <CodeBlock text={args} language="json" />
        {part.result !== undefined && (
          <>
            <p className="font-medium text-ink-faint text-xs">{t('tool.result')}</p>
            <CodeBlock text={part.result} />
          </>
        )}
      </div>
    </details>
  );
}
