import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control, useConnection } from '@/client/control';
import { ApiError } from '@/client/errors';
import { useFormats } from '@/lib/format';
import { gapOf, type Line, lineOf } from './line';

declare module '@/client/control-types' {
  interface ControlMethods {
    'logs.tail': {
      params: { cursor?: number; limit?: number; maxBytes?: number };
      result: { file: string; cursor: number; lines: string[]; truncated: boolean; reset: boolean } & Partial<Omitted>;
    };
  }
}

/** What came since the last look and is not in the answer. */
interface Omitted {
  omitted: number;
  omittedBytes: number;
}

export const MOST = 10_000;
const EVERY_MS = 1000;
const ASKED = { limit: 5000, maxBytes: 1_000_000 };

interface Tail {
  /** The oldest first. */
  lines: readonly Line[];
  /** How many came while they were held. */
  waiting: number;
  /** The file that is read; `(memory)` where there is none. */
  file: string;
  /** Nothing has come yet. */
  pending: boolean;
  error: unknown;
  release(): void;
  clear(): void;
}

/** The log as it is written. While `held`, what comes waits, so that nothing moves under the eyes of a reader. */
export function useTail(held: boolean): Tail {
  const { t } = useTranslation('logs');
  const formats = useFormats();
  const words = useRef(({ omitted }: Omitted): string => String(omitted));
  useEffect(() => {
    words.current = ({ omitted, omittedBytes }) => {
      const number = formats.number(omitted);
      if (!omittedBytes) return t('gap', { count: omitted, number });
      return t(omitted ? 'gap.both' : 'gap.bytes', { number, size: formats.bytes(omittedBytes) });
    };
  });
  const { state } = useConnection();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [waiting, setWaiting] = useState(0);
  const [file, setFile] = useState('');
  const [pending, setPending] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const heap = useRef<Line[]>([]);
  const cursor = useRef<number | undefined>(undefined);
  const count = useRef(0);
  const dropped = useRef(0);
  const holding = useRef(held);

  const release = () => {
    const fresh = heap.current.splice(0);
    dropped.current = 0;
    setWaiting(0);
    if (fresh.length) setLines((known) => [...known, ...fresh].slice(-MOST));
  };
  const releasing = useRef(release);
  useEffect(() => {
    releasing.current = release;
    holding.current = held;
    if (!held && heap.current.length) release();
  });

  const connected = state === 'open';
  useEffect(() => {
    if (!connected) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const found = await control.call('logs.tail', { ...ASKED, cursor: cursor.current }, { signal: stop.signal });
        if (stop.signal.aborted) return;
        cursor.current = found.cursor;
        const gap = ({ omitted = 0, omittedBytes = 0 }: Partial<Omitted>): Line => {
          count.current += 1;
          return gapOf(count.current, words.current({ omitted, omittedBytes }), omitted, omittedBytes);
        };
        if (found.omitted || found.omittedBytes) heap.current.push(gap(found));
        for (const raw of found.lines) {
          count.current += 1;
          heap.current.push(lineOf(raw, count.current));
        }
        if (heap.current.length > MOST) {
          const gone = heap.current.splice(0, heap.current.length - MOST);
          dropped.current += gone.filter((line) => !line.gap).length;
          if (heap.current[0]?.gap) heap.current.shift();
          heap.current.unshift(gap({ omitted: dropped.current }));
        }
        setFile(found.file);
        setPending(false);
        setError(null);
        if (holding.current) setWaiting(heap.current.length);
        else releasing.current();
      } catch (fault) {
        if (stop.signal.aborted) return;
        // A break of the connection is told above the page, and ends by itself.
        if (!(fault instanceof ApiError && fault.unreachable)) setError(fault);
        setPending(false);
      }
      timer = setTimeout(() => void look(), document.hidden ? 5 * EVERY_MS : EVERY_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [connected]);

  const clear = () => {
    heap.current = [];
    setWaiting(0);
    setLines([]);
  };
  return { lines, waiting, file, pending, error, release, clear };
}
