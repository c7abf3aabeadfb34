import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { addressOf, rest, send } from '@/client/rest';

/** A file or folder of the workspace. `path` is relative to it; times are ISO. */
export interface WorkspaceFile {
  name: string;
  path: string;
  size: number;
  isDirectory: boolean;
  modifiedAt: string;
}

export interface Listing {
  files: WorkspaceFile[];
  total: number;
  /** There is more in the folder than the gateway looks at. */
  truncated: boolean;
}

export type Preview =
  | { type: 'picture'; address: string }
  | { type: 'text'; content: string; truncated: boolean; encoding: string; size: number; hash?: string }
  | { type: 'none'; why: string; size: number };

export interface Discarded {
  id: string;
  path: string;
  size: number;
  isDirectory: boolean;
  deletedAt: string;
}

export interface Cleaning {
  autoCleanEnabled: boolean;
  autoCleanDays: number;
  excludePatterns: string[];
}

export interface Figures {
  totalFiles: number;
  totalSize: number;
  oldFiles: number;
  complete: boolean;
}

/** Everything of workspaces but what is in their files. */
export const workspaceKey = ['rest', 'workspace'] as const;

/** Whose workspace the page shows; empty: the default agent's. */
export const Whose = createContext('');
export const useAgent = (): string => useContext(Whose);

export function useListing(path: string) {
  const agent = useAgent();
  return useQuery({
    queryKey: [...workspaceKey, agent, 'files', path],
    queryFn: ({ signal }) => rest.get<Listing>('/api/workspace/files', { query: { path, agent }, signal }),
  });
}

export function useNotes() {
  const agent = useAgent();
  return useQuery({
    queryKey: [...workspaceKey, agent, 'notes'],
    queryFn: ({ signal }) =>
      rest.get<{ notes: Record<string, string> }>('/api/workspace/notes', { query: { agent }, signal }),
    select: (found) => found.notes,
  });
}

export function useTrash() {
  const agent = useAgent();
  return useQuery({
    queryKey: [...workspaceKey, agent, 'trash'],
    queryFn: ({ signal }) => rest.get<{ items: Discarded[] }>('/api/workspace/trash', { query: { agent }, signal }),
    select: (found) => found.items,
  });
}

export function useFigures() {
  const agent = useAgent();
  return useQuery({
    queryKey: [...workspaceKey, agent, 'stats'],
    queryFn: ({ signal }) => rest.get<Figures>('/api/workspace/stats', { query: { agent }, signal }),
  });
}

export function useCleaning() {
  const agent = useAgent();
  return useQuery({
    queryKey: [...workspaceKey, agent, 'config'],
    queryFn: ({ signal }) => rest.get<{ config: Cleaning }>('/api/workspace/config', { query: { agent }, signal }),
    select: (found) => found.config,
  });
}

/** Apart from the rest: what is opened is not asked for anew because something was moved or deleted. */
export const previewKey = (agent: string, path: string) => ['rest', 'workspace-preview', agent, path];

export function usePreview(path: string) {
  const agent = useAgent();
  return useQuery({
    queryKey: previewKey(agent, path),
    queryFn: ({ signal }) => previewOf(agent, path, signal),
    staleTime: 0,
  });
}

/** What is in a file. The gateway goes by the bytes, not by the name; pictures alone are drawn. */
async function previewOf(agent: string, path: string, signal: AbortSignal): Promise<Preview> {
  const options = { query: { path, agent }, signal };
  const answer = await send('get', '/api/workspace/preview', options);
  if (answer.headers.get('content-type')?.startsWith('image/')) {
    const mark = answer.headers.get('etag') ?? '';
    await answer.body?.cancel();
    return { type: 'picture', address: addressOf('/api/workspace/preview', { query: { path, agent, v: mark } }) };
  }
  const told = (await answer.json()) as { ok: boolean; error?: string; size?: number } & Record<string, unknown>;
  if (!told.ok) return { type: 'none', why: told.error ?? '', size: told.size ?? 0 };
  return told as unknown as Preview;
}

/** Where the browser fetches a file from; the cookie goes along. */
export const downloadOf = (agent: string, path: string): string =>
  addressOf('/api/workspace/download', { query: { path, agent } });

/** Where the browser fetches several from, folders too: one archive, made while it is sent. */
export const archiveOf = (agent: string, paths: readonly string[]): string => {
  const query = new URLSearchParams(paths.map((path) => ['path', path]));
  if (agent) query.set('agent', agent);
  return `/api/workspace/archive?${query}`;
};

/** As many as one address may name. */
export const mostInArchive = 200;

/** Into the trash. The ids bring things back. Raises `Error` with the gateway's words where one could not be deleted. */
export async function remove(agent: string, paths: string[]): Promise<string[]> {
  const told = await rest.post<{ errors: string[]; trash: string[] }>('/api/workspace/delete', {
    query: { agent },
    body: { paths },
  });
  if (told.errors.length) throw new Error(told.errors.join('\n'));
  return told.trash;
}

/** Back to where it was. Raises `Error` where something else has its place now. */
export async function restore(agent: string, ids: string[]): Promise<void> {
  const told = await rest.post<{ errors: string[] }>('/api/workspace/trash/restore', {
    query: { agent },
    body: { ids },
  });
  if (told.errors.length) throw new Error(told.errors.join('\n'));
}
