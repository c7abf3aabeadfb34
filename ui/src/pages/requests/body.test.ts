import { describe, expect, it } from 'vitest';
import { readBody } from './body';
import { filtersOf } from './filters';

const stream = (...events: unknown[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

describe('bodies', () => {
  it('are told in words, whatever protocol they are in', () => {
    const openai = stream({ choices: [{ delta: { content: 'a ' } }] }, { choices: [{ delta: { content: 'b' } }] });
    const anthropic = `event: x\n${stream({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'a b' } })}`;
    const responses = stream({ type: 'response.output_text.delta', delta: 'a b' }, { type: 'response.done' });
    const gemini = stream({ candidates: [{ content: { parts: [{ text: 'a ' }, { text: 'b' }] } }] });
    for (const body of [`${openai}data: [DONE]\n\n`, anthropic, responses, gemini]) {
      expect(readBody(body)).toEqual({ kind: 'stream', readable: 'a b' });
    }
  });

  it('that were cut are shown as they are', () => {
    expect(readBody('{"a": [1')).toEqual({ kind: 'text', readable: '{"a": [1' });
    expect(readBody('{"a":1}').readable).toBe('{\n  "a": 1\n}');
  });
});

describe('filters', () => {
  it('take of an address only what the gateway knows', () => {
    const address = { q: ' x ', result: 'errors', status: '1e9', protocol: 'ftp', span: '1h', since: '5', model: '' };
    expect(filtersOf(address, 3_600_000 * 2 + 59_999)).toEqual({ filter: 'x', errorsOnly: true, since: 3_600_000 });
  });
});
