import { useEffect, useRef, useState } from 'react';
import { type LogEntry, streamAddress } from './api';
import type { Filters } from './filters';

export type LiveState = 'off' | 'connecting' | 'live' | 'lost';

const MOST = 2000;
const BATCH_MS = 250;
const AGAIN_MS = 5000;

interface Live {
  state: LiveState;
  /** What came since the page was opened and is shown, newest first. */
  rows: readonly LogEntry[];
  /** How many came while `held`. */
  waiting: number;
  /** As many are shown as are kept: what came first would be left out, and the log has to be asked for anew. */
  full: boolean;
  release(): void;
}

/** The log as it is written from `since` on. While `held`, what comes waits, so that nothing moves under the eyes of a reader. */
export function useLive(wanted: boolean, filters: Filters, held: boolean, since: number): Live {
  const [state, setState] = useState<LiveState>('off');
  const [rows, setRows] = useState<readonly LogEntry[]>([]);
  const [waiting, setWaiting] = useState(0);
  const heap = useRef<LogEntry[]>([]);
  const holding = useRef(held);
  const address = streamAddress(filters);

  const release = () => {
    const fresh = heap.current.splice(0).reverse();
    setWaiting(0);
    if (fresh.length) setRows((known) => [...fresh, ...known].slice(0, MOST));
  };
  const releasing = useRef(release);
  useEffect(() => {
    releasing.current = release;
    holding.current = held;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was asked for anew is followed anew
  useEffect(() => {
    heap.current = [];
    setRows([]);
    setWaiting(0);
    if (!wanted) {
      setState('off');
      return;
    }
    let source: EventSource;
    let batch: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      setState('connecting');
      source = new EventSource(address);
      source.addEventListener('ready', () => setState('live'));
      source.addEventListener('log', (event) => {
        heap.current.push(JSON.parse(event.data) as LogEntry);
        if (heap.current.length > MOST) heap.current.shift();
        batch ??= setTimeout(() => {
          batch = undefined;
          if (holding.current) setWaiting(heap.current.length);
          else releasing.current();
        }, BATCH_MS);
      });
      source.addEventListener('error', () => {
        setState('lost');
        if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
        again = setTimeout(open, AGAIN_MS);
      });
    };
    open();
    return () => {
      clearTimeout(batch);
      clearTimeout(again);
      source.close();
    };
  }, [wanted, address, since]);

  return { state, rows, waiting, full: rows.length >= MOST, release };
}
