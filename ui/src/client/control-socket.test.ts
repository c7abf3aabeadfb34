import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backOff, ControlSocket } from './control-socket';

/** A gateway's side of a socket. */
class FakeSocket extends EventTarget {
  static made: FakeSocket[] = [];
  readyState: number = WebSocket.OPEN;
  sent: { id: string; method: string; params: Record<string, unknown> }[] = [];

  constructor() {
    super();
    FakeSocket.made.push(this);
  }

  send(text: string) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = WebSocket.CLOSED;
  }

  say(frame: unknown) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
  }

  answer(payload: unknown) {
    this.say({ type: 'res', id: this.sent.at(-1)?.id, ok: true, payload });
  }

  end(code: number) {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }

  async letIn() {
    this.say({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n' } });
    this.answer({ policy: { tickIntervalMs: 30_000 }, features: { methods: [] } });
    await vi.advanceTimersByTimeAsync(0);
  }
}

const onRefused = vi.fn();
let control: ControlSocket;
const newest = () => FakeSocket.made.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  control = new ControlSocket({
    open: () => new FakeSocket() as unknown as WebSocket,
    random: () => 1,
    describe: () => ({ version: '1', language: 'en', timeZone: 'UTC' }),
    onRefused,
  });
});

afterEach(() => {
  control.stop();
  vi.useRealTimers();
});

test('the pauses grow, are spread, and have a limit', () => {
  expect([0, 1, 2, 3].map((attempt) => backOff(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(backOff(3, 0)).toBe(2000);
  expect(backOff(50, 1)).toBe(20_000);
});

test('a call waits for the connection and gets its own answer', async () => {
  control.start();
  const asked = control.call('agents.list', {});
  await newest().letIn();
  expect(newest().sent[0]?.params).toMatchObject({ minProtocol: 3, maxProtocol: 4, caps: ['tool-events'] });
  newest().answer({ agents: [] });
  await expect(asked).resolves.toEqual({ agents: [] });
});

test('after a break it comes back, tells so, and what was under way has failed', async () => {
  const opened = vi.fn();
  control.onOpen(opened);
  control.start();
  await newest().letIn();
  const lost = control.call('agents.list', {}).catch((fault) => fault.code);
  await vi.advanceTimersByTimeAsync(0);
  newest().end(1006);
  expect(await lost).toBe('closed');
  expect(control.connection.get()).toMatchObject({ state: 'waiting', generation: 1 });
  await vi.advanceTimersByTimeAsync(500);
  await newest().letIn();
  expect(FakeSocket.made).toHaveLength(2);
  expect(control.connection.get()).toMatchObject({ state: 'open', generation: 2 });
  expect(opened).toHaveBeenCalledTimes(2);
});

test('who says something else of itself comes in anew at once', async () => {
  control.renew();
  expect(FakeSocket.made).toHaveLength(0);
  control.start();
  await newest().letIn();
  control.renew();
  await newest().letIn();
  expect(FakeSocket.made).toHaveLength(2);
  expect(control.connection.get()).toMatchObject({ state: 'open', generation: 2 });
});

test('silence for three ticks counts as a break', async () => {
  control.start();
  await newest().letIn();
  await vi.advanceTimersByTimeAsync(60_000);
  newest().say({ type: 'event', event: 'tick', payload: {} });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(control.connection.get().state).toBe('open');
  await vi.advanceTimersByTimeAsync(31_000);
  expect(FakeSocket.made.length).toBeGreaterThan(1);
});

test('an answer that never comes is a timeout', async () => {
  control.start();
  await newest().letIn();
  const asked = control.call('agents.list', {}, { timeoutMs: 1000 }).catch((fault) => fault.code);
  await vi.advanceTimersByTimeAsync(1001);
  expect(await asked).toBe('timeout');
});

test('whoever is sent away is asked whether the session goes on', async () => {
  control.start();
  await newest().letIn();
  newest().end(4001);
  expect(onRefused).toHaveBeenCalledOnce();
});
