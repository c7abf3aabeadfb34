import { useQuery } from '@tanstack/react-query';
import { callKey } from '@/client/control';
import { rest } from '@/client/rest';
import { lines } from '@/lib/lines';

export interface McpLogin {
  id: string;
  url: string;
  state: 'waiting' | 'signed-in' | 'failed';
  error: string | null;
}

export interface McpServer {
  name: string;
  transport: 'http' | 'stdio';
  address: string;
  enabled: boolean;
  state: 'off' | 'idle' | 'ready' | 'failed';
  error: string | null;
  tools: string[];
  signed_in: boolean;
  login: McpLogin | null;
}

export const serversKey = ['rest', 'mcp-servers'] as const;

/** What changes when a server is added, changed or removed. */
export const refreshServers = [serversKey, callKey('config.get')];

export function useServers() {
  return useQuery({
    queryKey: serversKey,
    queryFn: ({ signal }) => rest.get<{ servers: McpServer[] }>('/api/mcp/servers', { signal }),
    refetchInterval: 5_000,
  });
}

export const beginLogin = (name: string) =>
  rest.post<McpLogin>('/api/mcp/servers/{name}/login', { path: { name }, body: {} });

export const pasteLogin = (name: string, pasted: string) =>
  rest.post<McpLogin>('/api/mcp/servers/{name}/login/paste', { path: { name }, body: { pasted } });

export const forgetLogin = (name: string) => rest.delete('/api/mcp/servers/{name}/login', { path: { name } });

export interface NewServer {
  transport: 'http' | 'stdio';
  url: string;
  token: string;
  command: string;
  args: string;
  env: string;
}

/** What is written of a server below `mcp.servers.<name>`. */
export function writtenServer(wanted: NewServer): Record<string, unknown> {
  if (wanted.transport === 'http') {
    const token = wanted.token.trim();
    return { url: wanted.url.trim(), ...(token ? { headers: { Authorization: `Bearer ${token}` } } : {}) };
  }
  const pairs = lines(wanted.env).map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at).trim(), line.slice(at + 1)] as const;
  });
  const args = lines(wanted.args);
  return {
    command: wanted.command.trim(),
    ...(args.length ? { args } : {}),
    ...(pairs.length ? { env: Object.fromEntries(pairs) } : {}),
  };
}

const validName = /^[A-Za-z0-9][\w-]{0,63}$/;

/** Whether it can be written so. */
export function isComplete(name: string, wanted: NewServer): boolean {
  if (!validName.test(name)) return false;
  if (wanted.transport === 'http') return /^https?:\/\/./.test(wanted.url.trim());
  return wanted.command.trim() !== '' && lines(wanted.env).every((line) => line.indexOf('=') > 0);
}
