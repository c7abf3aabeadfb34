import type { AgentEvent, ChatEvent, ChatMessage, ContentPart } from '@/client/control-types';
import { withoutStamp } from '@/client/session-preview';

export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'thinking'; text: string }
  | { kind: 'tool'; id: string; name: string; args?: unknown; result?: string; state: 'running' | 'done' | 'failed' }
  /** `address`: of what was attached just now; what is kept in the log has none. */
  | { kind: 'media'; name: string; address?: string };

export interface Entry {
  id: string;
  role: 'user' | 'assistant' | 'note';
  parts: Part[];
  at?: number;
  model?: string;
  /** It was stopped, or ended in a fault. */
  ended?: 'aborted' | 'error';
  error?: string;
  /** The lines of the log that it is made of, where it stands there. */
  lines?: { first: number; last: number };
  /** The gateway's own look at what may be due: nobody said it. */
  beat?: boolean;
}

function partsOf(content: string | ContentPart[]): ContentPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

export function textOf(content: string | ContentPart[] | undefined): string {
  return partsOf(content ?? '')
    .filter((part) => part.type === 'text')
    .map((part) => part.text ?? '')
    .join('\n');
}

/** What the log of a session says, as it is shown: results of tools stand with their calls. Pure. */
export function entriesOf(messages: readonly ChatMessage[]): Entry[] {
  const entries: Entry[] = [];
  const calls = new Map<string, Extract<Part, { kind: 'tool' }>>();
  for (const [place, message] of messages.entries()) {
    if (message.role === 'toolResult') {
      const call = calls.get(message.toolCallId ?? '');
      if (call) {
        call.result = textOf(message.content);
        call.state = message.isError ? 'failed' : 'done';
      }
      grew(entries.at(-1), message);
      continue;
    }
    const parts = partsOf(message.content).flatMap((part): Part[] => shown(part, message.role));
    for (const part of parts) if (part.kind === 'tool') calls.set(part.id, part);
    const last = entries.at(-1);
    if (message.role === 'assistant' && last?.role === 'assistant' && !last.ended) {
      last.parts.push(...parts); // the rounds of one turn
      last.model = message.model ?? last.model;
      grew(last, message);
    } else if (parts.length) {
      const role = message.role === 'user' ? 'user' : message.role === 'assistant' ? 'assistant' : 'note';
      const line = message.__openclaw?.seq;
      const lines = line === undefined ? undefined : { first: line, last: line };
      const beat = message.__openclaw?.origin === 'heartbeat';
      entries.push({
        id: `h${place}`,
        role,
        parts,
        at: message.timestamp,
        model: message.model,
        lines,
        ...(beat && { beat }),
      });
    }
    if (message.stopReason === 'error' || message.stopReason === 'aborted') {
      const current = entries.at(-1);
      if (current?.role === 'assistant') current.ended = message.stopReason;
    }
  }
  // What has no result in the log will not get one any more.
  for (const call of calls.values()) if (call.state === 'running') call.state = 'done';
  return entries;
}

/** An answer goes on with another line. */
function grew(entry: Entry | undefined, message: ChatMessage): void {
  if (entry?.lines && message.__openclaw) entry.lines.last = message.__openclaw.seq;
}

/** Up to which line a copy goes: with an answer, but without a question that is to be asked differently. Pure. */
export const copiedUpTo = (entry: Entry): number | undefined =>
  entry.lines && (entry.role === 'user' ? entry.lines.first - 1 : entry.lines.last);

function shown(part: ContentPart, role: string): Part[] {
  switch (part.type) {
    case 'text': {
      const text = role === 'user' ? withoutStamp(part.text ?? '') : (part.text ?? '');
      return text.trim() ? [{ kind: 'text', text }] : [];
    }
    case 'thinking':
      return part.thinking?.trim() ? [{ kind: 'thinking', text: part.thinking }] : [];
    case 'toolCall':
      return [{ kind: 'tool', id: part.id ?? '', name: part.name ?? '', args: part.arguments, state: 'running' }];
    case 'refusal':
      return [{ kind: 'text', text: String(part.refusal ?? '') }];
    case 'image':
    case 'document':
    case 'audio':
    case 'video':
      return [{ kind: 'media', name: String(part.name ?? part.mimeType ?? part.type) }];
    default:
      return [];
  }
}

/** An answer while it grows. */
export interface Run {
  id: string;
  parts: Part[];
  state: 'running' | 'final' | 'aborted' | 'error';
  error?: string;
  startedAt: number;
  endedAt?: number;
}

export const begun = (id: string, at: number): Run => ({ id, parts: [], state: 'running', startedAt: at });

/** The run after an `agent` event. Pure. */
export function afterAgentEvent(run: Run, event: AgentEvent): Run {
  const data = event.data as Record<string, string | boolean | undefined> & {
    args?: unknown;
    result?: { content?: ContentPart[] };
  };
  switch (event.stream) {
    case 'assistant':
      return { ...run, parts: grown(run.parts, 'text', String(data.text ?? '')) };
    case 'thinking':
      return { ...run, parts: grown(run.parts, 'thinking', String(data.text ?? '')) };
    case 'tool':
      return { ...run, parts: afterTool(run.parts, data) };
    default:
      return run;
  }
}

/** The events hold all that was said since the last tool: the last part of the kind is replaced. */
function grown(parts: readonly Part[], kind: 'text' | 'thinking', text: string): Part[] {
  const last = parts.at(-1);
  if (last?.kind === kind) return [...parts.slice(0, -1), { kind, text }];
  const before = parts.findLastIndex((part) => part.kind === 'tool');
  const same = parts.findLastIndex((part, place) => part.kind === kind && place > before);
  if (same >= 0) return parts.map((part, place) => (place === same ? { kind, text } : part));
  return [...parts, { kind, text }];
}

function afterTool(
  parts: readonly Part[],
  data: Record<string, unknown> & { args?: unknown; result?: { content?: ContentPart[] } },
): Part[] {
  const id = String(data.toolCallId ?? '');
  if (data.phase === 'start')
    return [...parts, { kind: 'tool', id, name: String(data.name ?? ''), args: data.args, state: 'running' }];
  return parts.map((part) => {
    if (part.kind !== 'tool' || part.id !== id) return part;
    if (data.phase === 'update') return { ...part, result: String(data.partialResult ?? part.result ?? '') };
    const result = data.result ? textOf(data.result.content) : part.result;
    return { ...part, result, state: data.isError ? 'failed' : 'done' };
  });
}

/** The run after a `chat` event that was heard at `at`. Pure. */
export function afterChatEvent(run: Run, event: ChatEvent, at: number): Run {
  const next = judged(run, event);
  return next.state === 'running' ? next : { ...next, endedAt: at };
}

function judged(run: Run, event: ChatEvent): Run {
  const text = textOf(event.message?.content);
  switch (event.state) {
    case 'delta':
      // `agent` events tell the same, and more; this is for those who came in between.
      return run.parts.some((part) => part.kind === 'text') ? run : { ...run, parts: grown(run.parts, 'text', text) };
    case 'final':
      return {
        ...run,
        state: 'final',
        parts: text && !run.parts.some((part) => part.kind === 'text') ? grown(run.parts, 'text', text) : run.parts,
      };
    case 'aborted':
      return { ...run, state: 'aborted' };
    case 'error':
      return { ...run, state: 'error', error: event.errorMessage };
  }
}

/** Whether a log that was read at `readAt` holds all of a run. What ended in a fault is not in it as it was told. */
export const isIn = (run: Run, readAt: number): boolean =>
  run.state !== 'error' && run.endedAt !== undefined && readAt >= run.endedAt;

/** Whether the log has a message that was sent from here. */
export function hasEntry(log: readonly Entry[], sent: Entry): boolean {
  const text = JSON.stringify(sent.parts.filter((part) => part.kind === 'text'));
  return log.some(
    (entry) =>
      entry.role === 'user' &&
      (entry.at ?? 0) > (sent.at ?? 0) - 60_000 &&
      JSON.stringify(entry.parts.filter((part) => part.kind === 'text')) === text,
  );
}

export function entryOf(run: Run): Entry {
  const ended = run.state === 'aborted' || run.state === 'error' ? run.state : undefined;
  return { id: run.id, role: 'assistant', parts: run.parts, at: run.startedAt, ended, error: run.error };
}
