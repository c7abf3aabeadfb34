import type { SessionRow } from '@/client/control-types';

declare module '@/client/control-types' {
  interface ControlMethods {
    'sessions.preview': {
      params: { keys: string[]; limit?: number; maxChars?: number };
      result: { previews: { key: string; status: string; items: { role: string; text: string }[] }[] };
    };
    'sessions.usage': {
      params: { key: string };
      result: { sessions: { key: string; usage: SessionUsage | null }[] };
    };
  }
}

/** What a session used, of its newest log. */
export interface SessionUsage {
  input: number;
  output: number;
  cacheRead: number;
  totalTokens: number;
  totalCost: number;
  /** Answers of whose model no price is known. */
  missingCostEntries: number;
}

export const agentOf = (key: string): string => /^agent:([^:]+):/.exec(key)?.[1] ?? '';

/** How full the window of the model is, 0 to 1; undefined where that is not known. */
export function fullness(row: SessionRow): number | undefined {
  return row.totalTokens && row.contextTokens ? row.totalTokens / row.contextTokens : undefined;
}
