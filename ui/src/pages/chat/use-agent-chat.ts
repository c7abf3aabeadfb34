import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { callKey, control, useCall, useControlEvent } from '@/client/control';
import { freshId } from '@/lib/ids';
import { type Attachment, withFiles } from './attachments';
import type { Conversation } from './conversation';
import './methods';
import {
  afterAgentEvent,
  afterChatEvent,
  begun,
  type Entry,
  entriesOf,
  entryOf,
  hasEntry,
  isIn,
  type Run,
} from './transcript';

interface Sent {
  runId: string;
  entry: Entry;
}

/** A session of an agent: its log, and what goes on in it now. */
export function useAgentChat(key: string): Conversation {
  const queries = useQueryClient();
  const history = useCall('chat.history', { sessionKey: key, limit: 200 }, { staleTime: 0 });
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const [sent, setSent] = useState<readonly Sent[]>([]);
  const frame = useRef<number | undefined>(undefined);
  const waiting = useRef<((runs: readonly Run[]) => readonly Run[])[]>([]);

  /** Events come faster than a screen is drawn: they are taken up together. */
  const change = (step: (runs: readonly Run[]) => readonly Run[]) => {
    waiting.current.push(step);
    frame.current ??= requestAnimationFrame(() => {
      frame.current = undefined;
      const steps = waiting.current.splice(0);
      setRuns((before) => steps.reduce((now, each) => each(now), before));
    });
  };
  useEffect(() => () => cancelAnimationFrame(frame.current ?? 0), []);

  const update = (runId: string, step: (run: Run) => Run) =>
    change((now) =>
      now.some((run) => run.id === runId)
        ? now.map((run) => (run.id === runId ? step(run) : run))
        : [...now, step(begun(runId, Date.now()))],
    );

  useControlEvent('agent', (event) => {
    if (event.sessionKey === key) update(event.runId, (run) => afterAgentEvent(run, event));
  });
  useControlEvent('chat', (event) => {
    if (event.sessionKey !== key) return;
    const at = Date.now();
    update(event.runId, (run) => afterChatEvent(run, event, at));
    if (event.state !== 'delta') void settle(event.runId, event.state === 'error');
  });

  /** After the end the log has it all, and better: the live view gives way to it. */
  const settle = async (runId: string, failed: boolean) => {
    await queries.invalidateQueries({ queryKey: callKey('chat.history', { sessionKey: key, limit: 200 }) });
    void queries.invalidateQueries({ queryKey: callKey('sessions.list') });
    setSent((now) => now.filter((each) => each.runId !== runId));
    if (!failed) change((now) => now.filter((run) => run.id !== runId));
  };

  // After a break nobody tells of runs that ended meanwhile.
  const settleLatest = useRef(settle);
  useEffect(() => {
    settleLatest.current = settle;
  });
  useEffect(
    () =>
      control.onOpen(() => {
        setRuns((now) => {
          for (const run of now) {
            if (run.state !== 'running') continue;
            control
              .call('agent.wait', { runId: run.id, timeoutMs: 0 })
              .then((told) => (told.status === 'timeout' ? undefined : settleLatest.current(run.id, false)))
              .catch(() => settleLatest.current(run.id, false));
          }
          return now;
        });
      }),
    [],
  );

  const send = async (text: string, files: readonly Attachment[]) => {
    const runId = freshId();
    const message = withFiles(text, files);
    const images = files.filter((file) => file.kind === 'image');
    const parts = [
      ...(message ? [{ kind: 'text' as const, text: message }] : []),
      ...images.map((image) => ({ kind: 'media' as const, name: image.name, address: image.content })),
    ];
    setSent((now) => [...now, { runId, entry: { id: `s${runId}`, role: 'user', parts, at: Date.now() } }]);
    try {
      const attachments = images.map(({ name, type, content }) => ({
        type: 'image',
        mimeType: type,
        fileName: name,
        content,
      }));
      await control.call('chat.send', {
        ...{ sessionKey: key, message, idempotencyKey: runId },
        ...(attachments.length ? { attachments } : {}),
      });
    } catch (fault) {
      setSent((now) => now.filter((each) => each.runId !== runId));
      throw fault;
    }
  };

  const stop = async () => {
    await control.call('chat.abort', { sessionKey: key });
  };

  const log = useMemo(() => entriesOf(history.data?.messages ?? []), [history.data]);
  const live = runs.filter((run) => !isIn(run, history.dataUpdatedAt));
  const own = sent.filter((each) => !hasEntry(log, each.entry));
  const entries: Entry[] = [...log, ...own.map((each) => each.entry), ...live.map(entryOf)];
  const running =
    runs.some((run) => run.state === 'running') || sent.some((each) => !runs.some((run) => run.id === each.runId));
  return {
    entries,
    running,
    loading: history.isLoading,
    error: history.error ?? undefined,
    retry: () => void history.refetch(),
    send,
    stop,
    /** Something was sent, and nothing has come back yet. */
    waiting: running && !runs.some((run) => run.state === 'running' && run.parts.length > 0),
  };
}
