import { expect, test } from 'vitest';
import type { AgentEvent, ChatEvent, ChatMessage } from '@/client/control-types';
import { deltaOf, eventReader } from './sse';
import { afterAgentEvent, afterChatEvent, begun, copiedUpTo, entriesOf, type Run } from './transcript';

const told = (stream: string, data: Record<string, unknown>): AgentEvent => ({
  ...{ runId: 'r', sessionKey: 'k', seq: 1, ts: 0 },
  stream,
  data,
});
const after = (...events: AgentEvent[]): Run => events.reduce(afterAgentEvent, begun('r', 0));

test('the log of a turn with a tool is one message, with the result at its call', () => {
  const messages: ChatMessage[] = [
    { role: 'user', content: [{ type: 'text', text: '[Sun 2026-11-29 19:08 UTC] hello' }] },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'toolCall', id: 'c', name: 'read', arguments: {} },
      ],
    },
    { role: 'toolResult', toolCallId: 'c', content: [{ type: 'text', text: 'no such file' }], isError: true },
    { role: 'assistant', content: [{ type: 'text', text: 'It is not there.' }], model: 'm' },
  ];
  const entries = entriesOf(messages);
  expect(entries.map((entry) => entry.role)).toEqual(['user', 'assistant']);
  expect(entries[0]?.parts).toEqual([{ kind: 'text', text: 'hello' }]);
  expect(entries[1]?.parts).toEqual([
    { kind: 'thinking', text: 'hm' },
    { kind: 'tool', id: 'c', name: 'read', args: {}, result: 'no such file', state: 'failed' },
    { kind: 'text', text: 'It is not there.' },
  ]);
});

test('a copy goes up to an answer with all its rounds, or to before a question', () => {
  const line = (seq: number) => ({ __openclaw: { id: `l${seq}`, seq } });
  const call = { type: 'toolCall', id: 'c', name: 'read', arguments: {} };
  const [asked, answered] = entriesOf([
    { role: 'user', content: 'hello', ...line(3) },
    { role: 'assistant', content: [call], ...line(4) },
    { role: 'toolResult', toolCallId: 'c', content: 'found', ...line(5) },
    { role: 'assistant', content: 'There it is.', ...line(6) },
  ]);
  expect([asked && copiedUpTo(asked), answered && copiedUpTo(answered)]).toEqual([2, 6]);
});

test('an answer grows, and begins anew behind a tool', () => {
  const run = after(
    told('thinking', { text: 'hm', delta: 'hm' }),
    told('assistant', { text: 'I look', delta: 'I look' }),
    told('tool', { phase: 'start', toolCallId: 'c', name: 'read', args: { path: 'a' } }),
    told('tool', { phase: 'result', toolCallId: 'c', isError: false }),
    told('assistant', { text: 'It', delta: 'It' }),
    told('assistant', { text: 'It says', delta: ' says' }),
  );
  expect(run.parts.map((part) => ('state' in part ? part.state : 'text' in part ? part.text : ''))).toEqual([
    'hm',
    'I look',
    'done',
    'It says',
  ]);
});

test('text and thoughts that take turns stay two parts', () => {
  const run = after(
    told('assistant', { text: 'a' }),
    told('thinking', { text: 'x' }),
    told('assistant', { text: 'ab' }),
  );
  expect(run.parts).toEqual([
    { kind: 'text', text: 'ab' },
    { kind: 'thinking', text: 'x' },
  ]);
});

test('how a run ends', () => {
  const end = (rest: Partial<ChatEvent>) =>
    afterChatEvent(begun('r', 0), { runId: 'r', sessionKey: 'k', seq: 1, state: 'final', ...rest }, 9);
  expect(end({ state: 'error', errorMessage: 'no' })).toMatchObject({ state: 'error', error: 'no' });
  expect(end({ state: 'aborted' }).state).toBe('aborted');
  expect(end({ message: { role: 'assistant', content: [{ type: 'text', text: 'late' }] } }).parts).toEqual([
    { kind: 'text', text: 'late' },
  ]);
});

test('a stream is read however it is cut', () => {
  const whole = 'data: {"choices":[{"delta":{"content":"你好"}}]}\r\n\r\n: ping\n\ndata: [DONE]\n\n';
  for (let cut = 1; cut < whole.length; cut += 1) {
    const read = eventReader();
    const found = [...read(whole.slice(0, cut)), ...read(whole.slice(cut))];
    expect(found.map((data) => deltaOf(data)?.content)).toEqual(['你好', undefined]);
  }
});

test('what the gateway asked by itself is nobody’s words', () => {
  const beat = { role: 'user', content: 'Read HEARTBEAT.md', __openclaw: { id: 'a', seq: 1, origin: 'heartbeat' } };
  const [asked, said] = entriesOf([beat, { role: 'user', content: 'hello' }]);
  expect([asked?.beat, said?.beat]).toEqual([true, undefined]);
});
