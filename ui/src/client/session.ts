import { createStore, useStore } from '@/lib/store';
import { ApiError } from './errors';

/** Who is signed in. The credential itself is in a cookie that scripts cannot read. */
export interface Session {
  principal: { id: string; name: string; permissions: string[] };
  csrf: string;
  /** Unix seconds. */
  expiresAt: number | null;
  language: 'zh' | 'en' | null;
  version: string;
}

/** `null`: signed out; `undefined`: not known yet. */
export const session = createStore<Session | null | undefined>(undefined);

export const useSession = (): Session | null | undefined => useStore(session);

/** Whether whoever is signed in holds a permission; the server decides, this only hides what would be refused. */
export function usePermission(permission: string): boolean {
  return useSession()?.principal.permissions.includes(permission) ?? false;
}

const address = '/api/console/session';
let asking: Promise<Session | null> | undefined;

/** Ask the server who is signed in. Raises `ApiError` where it does not answer in time. */
export function loadSession(timeoutMs = 15_000): Promise<Session | null> {
  asking ??= readSession(timeoutMs).finally(() => {
    asking = undefined;
  });
  return asking;
}

async function readSession(timeoutMs: number): Promise<Session | null> {
  const answer = await ask('GET', timeoutMs);
  if (answer.status === 401 || answer.status === 403) {
    session.set(null);
    return null;
  }
  if (!answer.ok) throw await ApiError.from(answer);
  const found = (await answer.json()) as Session;
  session.set(found);
  return found;
}

export async function signIn(token: string): Promise<Session> {
  const answer = await ask('POST', 60_000, { token });
  if (!answer.ok) throw await ApiError.from(answer);
  const found = (await answer.json()) as Session;
  session.set(found);
  return found;
}

export async function signOut(): Promise<void> {
  const csrf = session.get()?.csrf;
  try {
    await ask('DELETE', 15_000, undefined, csrf ? { 'x-crawdad-csrf': csrf } : {});
  } finally {
    session.set(null);
  }
}

async function ask(
  method: string,
  timeoutMs: number,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  try {
    return await fetch(address, {
      method,
      headers: { accept: 'application/json', ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      body: body ? JSON.stringify(body) : undefined,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (fault) {
    throw ApiError.unreachable(fault);
  }
}
