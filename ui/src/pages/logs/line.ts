/** The levels of the log, from the quietest on. */
export const levels = ['debug', 'info', 'warning', 'error', 'critical'] as const;
export type Level = (typeof levels)[number];

export interface Line {
  /** Counts the lines that this page has had. */
  id: number;
  /** Milliseconds; what is no line of ours has none. */
  at: number | null;
  level: Level;
  source: string;
  words: string;
  /** As it came, for the details and the file. */
  raw: string;
  /** Stands where lines are missing. */
  gap?: true;
}

const spellings: Record<string, Level> = {
  trace: 'debug',
  warn: 'warning',
  fatal: 'critical',
  exception: 'error',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for are the control characters
const colours = /\u001b\[[0-9;:]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text without the colours of terminals, and with every character that would steer one, or turn the line round, spelled out. */
export function harmless(text: string): string {
  return text
    .replace(colours, '')
    .replace(controls, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function levelOf(name: unknown): Level {
  const level = String(name ?? 'info').toLowerCase();
  return spellings[level] ?? levels.find((each) => each === level) ?? 'info';
}

function objectOf(raw: string): Record<string, unknown> | undefined {
  if (!raw.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A line of the log as `logs.tail` gives it; one that is no JSON is all words. */
export function lineOf(raw: string, id: number): Line {
  const value = objectOf(raw);
  if (!value) return { id, at: null, level: 'info', source: '', words: harmless(raw), raw };
  const meta = (typeof value._meta === 'object' && value._meta !== null ? value._meta : {}) as Record<string, unknown>;
  const at = Date.parse(String(value.time ?? value.timestamp ?? ''));
  return {
    id,
    at: Number.isNaN(at) ? null : at,
    level: levelOf(value.level ?? meta.logLevelName),
    source: harmless(String(value.logger ?? '')),
    words: harmless(String(value['0'] ?? value.event ?? raw)),
    raw,
  };
}

/** Stands where so many lines, and so many bytes of lines that nobody counted, were left out. */
export const gapOf = (id: number, words: string, omitted: number, omittedBytes: number): Line => ({
  ...{ id, at: null, level: 'warning', source: '', words, raw: JSON.stringify({ omitted, omittedBytes }) },
  gap: true,
});

/** All that a line holds, one beside the other, for the details: without the spelling for other clients. */
export function factsOf(line: Line): [name: string, value: string][] {
  const value = objectOf(line.raw) ?? {};
  return Object.entries(value)
    .filter(([name]) => !['0', '_meta', 'time', 'timestamp', 'level', 'logger', 'exception'].includes(name))
    .map(([name, item]) => [harmless(name), harmless(typeof item === 'string' ? item : JSON.stringify(item))]);
}

export function traceOf(line: Line): string {
  const trace = objectOf(line.raw)?.exception;
  return typeof trace === 'string' ? harmless(trace) : '';
}

/** The lines of a level and above that have all the words, in any case of letters. */
export function chosen(lines: readonly Line[], least: Level, search: string): readonly Line[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const from = levels.indexOf(least);
  if (!words.length && from === 0) return lines;
  return lines.filter((line) => {
    if (!line.gap && levels.indexOf(line.level) < from) return false;
    if (!words.length) return true;
    const text = `${line.source} ${line.words}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** As a line of text, for the clipboard. */
export const textOf = (line: Line): string =>
  [line.at === null ? '' : new Date(line.at).toISOString(), line.level.toUpperCase(), line.source, line.words]
    .filter(Boolean)
    .join('  ');
