import { patchOf } from '@/lib/json-patch';

/** What the configuration says of agents (`agents.list[]`, `bindings[]`), as far as the page shows and changes it. */
export interface AgentEntry {
  id: string;
  default?: boolean;
  name?: string;
  model?: string | { primary?: string; fallbacks?: string[] };
  identity?: { name?: string; emoji?: string };
  tools?: { profile?: string; allow?: string[]; alsoAllow?: string[]; deny?: string[]; [other: string]: unknown };
  skills?: string[];
  [other: string]: unknown;
}

export interface Binding {
  agentId: string;
  comment?: string;
  match: { channel: string; accountId?: string; peer?: { kind: string; id: string }; [other: string]: unknown };
}

/** Whether two bindings mean the same chats: of two the first alone would ever count. */
export function sameMatch(one: Binding['match'], other: Binding['match']): boolean {
  const said = ({ channel, accountId, peer, ...rest }: Binding['match']) =>
    JSON.stringify([channel, accountId ?? '', peer ? [peer.kind, peer.id] : [], Object.entries(rest).sort()]);
  return said(one) === said(other);
}

type Config = Record<string, unknown>;
const listOf = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);

export const entriesOf = (config: Config): AgentEntry[] => listOf(((config.agents ?? {}) as { list?: unknown }).list);

export const bindingsOf = (config: Config): Binding[] => listOf(config.bindings);

export const entryOf = (config: Config, id: string): AgentEntry =>
  entriesOf(config).find((each) => each.id.toLowerCase() === id) ?? { id };

/** The model that an agent is asked with first; empty: that of the defaults. */
export const modelOf = (entry: AgentEntry): string =>
  typeof entry.model === 'string' ? entry.model : (entry.model?.primary ?? '');

/** A part of the configuration in which an agent is changed, to be merged into it: agents are merged by their id, so that what
 * goes has to be said to go (`null`). */
export function withEntry(config: Config, id: string, change: Partial<AgentEntry>): Config {
  const entries = entriesOf(config);
  const before = entryOf(config, id);
  const next = { id: before.id, ...patchOf(before, { ...before, ...change }) };
  const there = entries.some((each) => each.id.toLowerCase() === id);
  const list = there ? entries.map((each) => (each.id.toLowerCase() === id ? next : each)) : [...entries, next];
  return { agents: { list } };
}

/** A part of the configuration by which an agent becomes the default one, to be merged into it: no other is marked so then. */
export function withDefault(config: Config, id: string): Config {
  const list = entriesOf(config).map((each) => {
    const before = each.default === undefined ? {} : { default: null };
    return { id: each.id, ...(each.id.toLowerCase() === id ? { default: true } : before) };
  });
  return { agents: { list } };
}

export const toolLists = ['allow', 'alsoAllow', 'deny'] as const;
export type ToolLists = Record<(typeof toolLists)[number], string[]>;

/** The lists of tools of an agent as they shall be; an empty one is none at all. */
export function withLists(tools: AgentEntry['tools'], lists: ToolLists): AgentEntry['tools'] {
  const { allow: _allow, alsoAllow: _also, deny: _deny, ...rest } = tools ?? {};
  const said = Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0));
  return { ...rest, ...said };
}

/** What is typed as a list: names apart by lines, commas or spaces, each once. */
export const namesOf = (text: string): string[] => [...new Set(text.split(/[\s,，、]+/).filter(Boolean))];

/** What somebody is typing, when the list that it began from has become another: what was added or taken away there is so here as
 * well, and the rest stays as it was typed. */
export function rebased(text: string, before: readonly string[], now: readonly string[]): string {
  const typed = namesOf(text);
  const gone = typed.some((name) => before.includes(name) && !now.includes(name));
  const added = now.filter((name) => !before.includes(name) && !typed.includes(name));
  if (!gone && !added.length) return text;
  return [...typed.filter((name) => !before.includes(name) || now.includes(name)), ...added].join('\n');
}

/** Which tools of a catalogue are turned off for an agent: those that `deny` names one by one. */
export function withTool(tools: AgentEntry['tools'], name: string, on: boolean): AgentEntry['tools'] {
  const denied = (tools?.deny ?? []).filter((each) => each !== name);
  const deny = on ? denied : [...denied, name];
  const { deny: _, ...rest } = tools ?? {};
  return deny.length ? { ...rest, deny } : rest;
}
