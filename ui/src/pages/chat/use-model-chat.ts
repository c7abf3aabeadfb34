import { useEffect } from 'react';
import { ApiError } from '@/client/errors';
import { send as request } from '@/client/rest';
import { session } from '@/client/session';
import { freshId } from '@/lib/ids';
import { createStore, type Store, useStore } from '@/lib/store';
import { type Attachment, withFiles } from './attachments';
import type { Conversation } from './conversation';
import { deltaOf, eventReader } from './sse';
import type { Entry, Part } from './transcript';

interface Talk {
  entries: readonly Entry[];
  running: boolean;
}

/** Talks with plain models are kept as long as the tab is open, and nowhere else. */
const talks = new Map<string, Store<Talk>>();
const controllers = new Map<string, AbortController>();
const empty: Talk = { entries: [], running: false };

session.subscribe(() => {
  if (session.get() !== null) return;
  for (const controller of controllers.values()) controller.abort();
  talks.clear();
});

function talkOf(model: string): Store<Talk> {
  const known = talks.get(model) ?? createStore<Talk>(empty);
  talks.set(model, known);
  return known;
}

export function clearTalk(model: string): void {
  controllers.get(model)?.abort();
  talkOf(model).set(empty);
}

/** A talk with a model itself, without an agent, over `/v1/chat/completions`. */
export function useModelChat(model: string): Conversation {
  const store = talkOf(model);
  const talk = useStore(store);
  useEffect(() => {
    // what was talked of with a model that is gone from the list stays readable
    talkOf(model);
  }, [model]);
  const last = talk.entries.at(-1);
  return {
    ...talk,
    loading: false,
    waiting: talk.running && last?.role === 'assistant' && !last.parts.length,
    retry: () => undefined,
    send: (text, files) => say(model, text, files),
    stop: async () => controllers.get(model)?.abort(),
  };
}

async function say(model: string, text: string, files: readonly Attachment[]): Promise<void> {
  const store = talkOf(model);
  const message = withFiles(text, files);
  const images = files.filter((file) => file.kind === 'image');
  const said: Entry = {
    id: freshId(),
    role: 'user',
    at: Date.now(),
    parts: [
      ...(message ? [{ kind: 'text' as const, text: message }] : []),
      ...images.map((image) => ({ kind: 'media' as const, name: image.name, address: image.content })),
    ],
  };
  const answer: Entry = { id: freshId(), role: 'assistant', parts: [], at: Date.now(), model };
  const before = [...store.get().entries, said];
  const show = (change: Partial<Entry>, running = true) => {
    Object.assign(answer, change);
    store.set({ entries: [...before, { ...answer }], running });
  };
  show({});
  const controller = new AbortController();
  controllers.set(model, controller);
  try {
    await stream(model, before, controller.signal, (parts) => show({ parts }));
    show({}, false);
  } catch (fault) {
    if (controller.signal.aborted) show({ ended: 'aborted' }, false);
    else show({ ended: 'error', error: fault instanceof Error ? fault.message : '' }, false);
    if (fault instanceof ApiError && fault.unreachable) throw fault;
  } finally {
    if (controllers.get(model) === controller) controllers.delete(model);
  }
}

async function stream(
  model: string,
  entries: readonly Entry[],
  signal: AbortSignal,
  show: (parts: Part[]) => void,
): Promise<void> {
  const body = { model, stream: true, messages: entries.filter((entry) => entry.parts.length).map(messageOf) };
  const answer = await request('post', '/v1/chat/completions', {
    body,
    signal,
    timeoutMs: 600_000,
    headers: { accept: 'text/event-stream' },
  });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  const read = eventReader();
  let content = '';
  let reasoning = '';
  let drawn = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (const data of read(value)) {
      const delta = deltaOf(data);
      if (!delta) continue;
      if (delta.error !== undefined) throw new Error(delta.error);
      content += delta.content;
      reasoning += delta.reasoning;
    }
    if (performance.now() - drawn < 16) continue;
    drawn = performance.now();
    show(partsOf(content, reasoning));
  }
  show(partsOf(content, reasoning));
}

function partsOf(content: string, reasoning: string): Part[] {
  return [
    ...(reasoning ? [{ kind: 'thinking' as const, text: reasoning }] : []),
    ...(content ? [{ kind: 'text' as const, text: content }] : []),
  ];
}

function messageOf(entry: Entry): unknown {
  const text = entry.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n');
  const images = entry.parts.flatMap((part) => (part.kind === 'media' && part.address ? [part.address] : []));
  if (!images.length) return { role: entry.role, content: text };
  return {
    role: entry.role,
    content: [{ type: 'text', text }, ...images.map((url) => ({ type: 'image_url', image_url: { url } }))],
  };
}
