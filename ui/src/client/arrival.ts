import { createStore } from '@/lib/store';
import { backOff } from './control-socket';
import { ApiError } from './errors';
import { loadSession, type Session } from './session';

/** How it goes with getting hold of the gateway at all, before any page can be shown. */
export interface Arrival {
  /** How often it has not answered. */
  failures: number;
  /** When the next attempt is due, in milliseconds of the clock; without it one is under way. */
  retryAt?: number;
}

export const arrival = createStore<Arrival>({ failures: 0 });

const FIRST_MS = 15_000;
const LONGEST_MS = 60_000;
const STARTING = [429, 502, 503, 504];

let pauseIsOver: (() => void) | undefined;

/** Ask now instead of when the pause is over. */
export const arriveNow = (): void => pauseIsOver?.();

/** Who is signed in, asked until the gateway answers: on a small machine it may take a minute to start. */
export async function arrive(): Promise<Session | null> {
  for (let failures = 0; ; failures += 1) {
    arrival.set({ failures });
    try {
      return await loadSession(Math.min(LONGEST_MS, FIRST_MS * 2 ** failures));
    } catch (fault) {
      if (!(fault instanceof ApiError) || !(fault.unreachable || STARTING.includes(fault.status))) throw fault;
      const wait = Math.min(LONGEST_MS, fault.retryAfterMs ?? backOff(failures + 1, Math.random()));
      arrival.set({ failures: failures + 1, retryAt: Date.now() + wait });
      await pause(wait);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      pauseIsOver = undefined;
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    window.addEventListener('online', end);
    pauseIsOver = end;
  });
}
