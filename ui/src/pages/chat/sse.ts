/** The `data` of the events in a stream as they arrive, however it is cut. Pure but for what it remembers. */
export function eventReader(): (piece: string) => string[] {
  let rest = '';
  return (piece) => {
    rest += piece;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => {
      const lines = block.split(/\r?\n/).filter((line) => line.startsWith('data:'));
      return lines.length ? [lines.map((line) => line.slice(line[5] === ' ' ? 6 : 5)).join('\n')] : [];
    });
  };
}

export interface Delta {
  content: string;
  reasoning: string;
  error?: string;
}

/** What a chunk of a chat completion adds. */
export function deltaOf(data: string): Delta | undefined {
  if (data === '[DONE]') return undefined;
  const chunk = JSON.parse(data) as {
    error?: { message?: string } | string;
    choices?: {
      delta?: {
        content?: string | null;
        reasoning_content?: string | null;
        reasoning?: string | null;
        refusal?: string | null;
      };
    }[];
  };
  if (chunk.error) {
    const error = typeof chunk.error === 'string' ? chunk.error : (chunk.error.message ?? '');
    return { content: '', reasoning: '', error };
  }
  const delta = chunk.choices?.[0]?.delta;
  return {
    content: delta?.content ?? delta?.refusal ?? '',
    reasoning: delta?.reasoning_content ?? delta?.reasoning ?? '',
  };
}
