export interface ReadBody {
  kind: 'json' | 'stream' | 'text';
  /** For people: JSON with line breaks, the words of a stream in one piece. */
  readable: string;
}

/** A body as it went over the wire, made readable. */
export function readBody(body: string): ReadBody {
  const text = body.trim();
  if (/^[[{"]/.test(text)) {
    try {
      return { kind: 'json', readable: JSON.stringify(JSON.parse(text), null, 2) };
    } catch {
      return { kind: 'text', readable: body };
    }
  }
  if (/^(data|event|id|retry|:)/.test(text) && /^data:/m.test(text)) return { kind: 'stream', readable: wordsOf(text) };
  return { kind: 'text', readable: body };
}

type Loose = Record<string, unknown>;
const inner = (value: unknown): Loose => (typeof value === 'object' && value !== null ? (value as Loose) : {});
const first = (value: unknown): Loose => inner(Array.isArray(value) ? value[0] : undefined);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The words of an event stream in any of the protocols that the gateway speaks. */
function wordsOf(stream: string): string {
  let words = '';
  for (const line of stream.split(/\r?\n/)) {
    if (!line.startsWith('data:')) continue;
    let event: Loose;
    try {
      event = inner(JSON.parse(line.slice(5)));
    } catch {
      continue;
    }
    const choice = first(event.choices);
    const delta = event.delta;
    words += text(inner(choice.delta).content) || text(choice.text); // OpenAI's chat and completions
    words += event.type === 'response.output_text.delta' ? text(delta) : text(inner(delta).text); // responses; Anthropic
    const parts = inner(first(event.candidates).content).parts; // Gemini
    if (Array.isArray(parts)) words += parts.map((part) => text(inner(part).text)).join('');
  }
  return words;
}
