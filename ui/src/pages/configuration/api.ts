import type { ConfigSnapshot } from '@/client/control-types';
import { ApiError } from '@/client/errors';
import type { Hints, Schema } from '@/components/schema-form/schema';

export interface Issue {
  path?: string;
  message: string;
}

declare module '@/client/control-types' {
  interface ConfigSnapshot {
    /** What the file says, without what counts where it says nothing. */
    parsed: Record<string, unknown>;
    warnings: Issue[];
  }
  interface ControlMethods {
    'config.schema': { params: Record<string, never>; result: { schema: Schema; uiHints: Hints; version: string } };
    'config.set': { params: { raw: string; baseHash?: string }; result: { ok: boolean } };
  }
}

export type Snapshot = ConfigSnapshot;

/** What the gateway finds wrong with a configuration that it did not take. */
export function issuesOf(error: unknown): Issue[] {
  if (!(error instanceof ApiError)) return [];
  const { issues } = (error.details ?? {}) as { issues?: unknown };
  return Array.isArray(issues) ? (issues as Issue[]) : [];
}
