import { freshId } from '@/lib/ids';
import { createStore, type Store } from '@/lib/store';
import type { ControlEvents, ControlMethods, Welcome } from './control-types';
import { ApiError } from './errors';

export type ConnectionState = 'idle' | 'connecting' | 'open' | 'waiting' | 'refused';

export interface Connection {
  state: ConnectionState;
  /** When the next attempt is due, in milliseconds of the clock. */
  retryAt?: number;
  welcome?: Welcome;
  /** How often it has been open: what was missed meanwhile must be asked for again. */
  generation: number;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(fault: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

interface Surroundings {
  open(): WebSocket;
  random(): number;
  /** What to say of ourselves in `connect`. */
  describe(): { version: string; language: string; timeZone: string };
  /** The server does not let us in any more: whether that is so must be asked. */
  onRefused(): void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 20_000;
const REQUEST_MS = 30_000;
const CONNECT_MS = 10_000;
const SCOPES = ['operator.admin', 'operator.read', 'operator.write', 'operator.approvals', 'operator.pairing'];

/** How long to wait before an attempt: twice as long each time, spread so that many tabs do not come back at once. */
export function backOff(attempt: number, random: number): number {
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
  return Math.round(most / 2 + (most / 2) * random);
}

/** The one WebSocket of the console: requests with answers, events with listeners, and coming back after a break. */
export class ControlSocket {
  readonly connection: Store<Connection> = createStore<Connection>({ state: 'idle', generation: 0 });
  readonly #surroundings: Surroundings;
  #socket: WebSocket | undefined;
  #wanted = false;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  readonly #opened = new Set<() => void>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#attempt = 0;
    window.addEventListener('online', this.#hurry);
    document.addEventListener('visibilitychange', this.#hurry);
    this.#connect();
  }

  stop(): void {
    this.#wanted = false;
    window.removeEventListener('online', this.#hurry);
    document.removeEventListener('visibilitychange', this.#hurry);
    clearTimeout(this.#timer);
    this.#drop('closed');
    this.#tell({ state: 'idle', welcome: undefined, retryAt: undefined });
  }

  /** Try again now instead of when the pause is over. */
  retry(): void {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /** Come in anew, to say something else of ourselves: the language is told at the door. */
  renew(): void {
    if (!this.#wanted || !this.#socket) return;
    this.#drop('closed');
    this.#connect();
  }

  /** Ask for something; waits for the connection where there is none yet. Raises `ApiError`. */
  async call<M extends keyof ControlMethods>(
    method: M,
    params: ControlMethods[M]['params'],
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<ControlMethods[M]['result']> {
    const limit = options.timeoutMs ?? REQUEST_MS;
    await this.#whenOpen(limit, options.signal);
    return (await this.#request(method, params, limit, options.signal)) as ControlMethods[M]['result'];
  }

  on<E extends keyof ControlEvents>(event: E, listener: (payload: ControlEvents[E]) => void): () => void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known);
    known.add(listener as (payload: never) => void);
    return () => known.delete(listener as (payload: never) => void);
  }

  /** Called each time the connection is open again. */
  onOpen(listener: () => void): () => void {
    this.#opened.add(listener);
    return () => this.#opened.delete(listener);
  }

  readonly #hurry = (): void => {
    if (!document.hidden) this.retry();
  };

  #tell(change: Partial<Connection>): void {
    this.connection.set({ ...this.connection.get(), ...change });
  }

  #connect(): void {
    this.#tell({ state: 'connecting', retryAt: undefined });
    let socket: WebSocket;
    try {
      socket = this.#surroundings.open();
    } catch {
      this.#again();
      return;
    }
    this.#socket = socket;
    this.#watch(socket, CONNECT_MS);
    socket.addEventListener('message', (message) => {
      if (socket === this.#socket) this.#heard(socket, String(message.data));
    });
    socket.addEventListener('close', (close) => {
      if (socket === this.#socket) this.#closed(close.code);
    });
  }

  #heard(socket: WebSocket, text: string): void {
    let frame: Record<string, unknown>;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (this.connection.get().state === 'open') this.#watch(socket);
    if (frame.type === 'event') {
      if (frame.event === 'connect.challenge') void this.#introduce(socket);
      else this.#dispatch(String(frame.event), frame.payload);
    } else if (frame.type === 'res') {
      this.#answered(frame);
    }
  }

  #answered(frame: Record<string, unknown>): void {
    const waiting = this.#waiting.get(String(frame.id));
    if (!waiting) return;
    this.#waiting.delete(String(frame.id));
    clearTimeout(waiting.timer);
    if (frame.ok) {
      waiting.resolve(frame.payload);
      return;
    }
    const error = (frame.error ?? {}) as { code?: string; message?: string; retryAfterMs?: number; details?: unknown };
    waiting.reject(new ApiError(error.message ?? '', 400, error.code ?? '', error.retryAfterMs, error.details));
  }

  async #introduce(socket: WebSocket): Promise<void> {
    const { version, language, timeZone } = this.#surroundings.describe();
    const client = { id: 'openclaw-control-ui', version, platform: 'web', mode: 'webchat', timeZone };
    try {
      const params = {
        ...{ minProtocol: 3, maxProtocol: 4, client, role: 'operator', scopes: SCOPES },
        ...{ caps: ['tool-events'], locale: language },
      };
      const welcome = (await this.#request('connect', params, CONNECT_MS)) as Welcome;
      if (socket !== this.#socket) return;
      this.#attempt = 0;
      this.#tell({ state: 'open', welcome, generation: this.connection.get().generation + 1 });
      this.#watch(socket);
      for (const listener of [...this.#opened]) listener();
    } catch {
      socket.close();
    }
  }

  /** A connection on which nothing is heard for three ticks is dead, whatever the browser thinks. */
  #watch(socket: WebSocket, limit?: number): void {
    clearTimeout(this.#watchdog);
    const tick = this.connection.get().welcome?.policy.tickIntervalMs ?? 30_000;
    this.#watchdog = setTimeout(
      () => {
        if (socket !== this.#socket) return;
        socket.close();
        this.#closed(1006);
      },
      limit ?? tick * 3,
    );
  }

  #dispatch(event: string, payload: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(payload as never);
  }

  #closed(code: number): void {
    this.#drop('closed');
    if (!this.#wanted) return;
    const refused = code === 1008 || code === 4001;
    if (refused) this.#surroundings.onRefused();
    if (this.#wanted) this.#again(refused);
  }

  #drop(reason: string): void {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close();
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new ApiError('', 0, reason));
    }
    this.#waiting.clear();
  }

  #again(refused = false): void {
    const wait = backOff(this.#attempt, this.#surroundings.random());
    this.#attempt += 1;
    this.#tell({ state: refused ? 'refused' : 'waiting', retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #request(method: string, params: unknown, limit: number, signal?: AbortSignal): Promise<unknown> {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return Promise.reject(new ApiError('', 0, 'closed'));
    const id = freshId();
    return new Promise((resolve, reject) => {
      const give = (fault: Error) => {
        clearTimeout(waiting.timer);
        this.#waiting.delete(id);
        reject(fault);
      };
      const timer = setTimeout(() => give(new ApiError('', 0, 'timeout')), limit);
      const waiting: Waiting = { resolve, reject, timer };
      this.#waiting.set(id, waiting);
      signal?.addEventListener('abort', () => give(signal.reason), { once: true });
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });
  }

  #whenOpen(limit: number, signal?: AbortSignal): Promise<void> {
    if (this.connection.get().state === 'open') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (fault?: Error) => {
        clearTimeout(timer);
        forget();
        if (fault) reject(fault);
        else resolve();
      };
      const timer = setTimeout(() => end(new ApiError('', 0, 'unreachable')), Math.min(limit, CONNECT_MS));
      const forget = this.connection.subscribe(() => {
        if (this.connection.get().state === 'open') end();
      });
      signal?.addEventListener('abort', () => end(signal.reason), { once: true });
    });
  }
}
