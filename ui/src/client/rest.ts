import { i18n } from '@/i18n';
import { ApiError } from './errors';
import type { paths } from './openapi';
import { session } from './session';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** The documented paths that answer to a method. */
export type PathsOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, infer O> ? ([O] extends [undefined] ? never : P) : never;
}[keyof paths];

type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
  /** What stands in for `{name}` in the path. */
  path?: Record<string, string | number>;
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** How long to wait, in milliseconds. */
  timeoutMs?: number;
  headers?: Record<string, string>;
}

/** The address of a path with its values, each encoded on its own. */
export function addressOf(path: string, options: Pick<Options, 'path' | 'query'> = {}): string {
  const filled = path.replace(/\{(\w+)(?::path)?\}/g, (_, name: string) =>
    encodeURIComponent(String(options.path?.[name] ?? '')),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const query = search.toString();
  return query ? `${filled}?${query}` : filled;
}

/** One request with the cookie of the session and, where it changes something, its CSRF token. Raises `ApiError`. */
export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  const form = options.body instanceof FormData || options.body instanceof Blob;
  // What the gateway says shall be in the console's language, which need not be the browser's.
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-language': i18n.language,
    ...options.headers,
  };
  if (options.body !== undefined && !form) headers['content-type'] = 'application/json';
  if (method !== 'get') headers['x-crawdad-csrf'] = session.get()?.csrf ?? '';
  const limit = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  let answer: Response;
  try {
    answer = await fetch(addressOf(path, options), {
      method: method.toUpperCase(),
      headers,
      body: options.body === undefined ? undefined : form ? (options.body as BodyInit) : JSON.stringify(options.body),
      credentials: 'same-origin',
      signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    });
  } catch (fault) {
    if (options.signal?.aborted) throw fault;
    throw ApiError.unreachable(fault);
  }
  if (answer.status === 401) session.set(null);
  if (!answer.ok) throw await ApiError.from(answer);
  return answer;
}

async function json<T>(method: string, path: string, options?: Options): Promise<T> {
  const answer = await send(method, path, options);
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** The management routes. A path must be one of the gateway's OpenAPI document; `T` says what is read of the answer. */
export const rest = {
  get: <T>(path: PathsOf<'get'>, options?: Options) => json<T>('get', path, options),
  post: <T>(path: PathsOf<'post'>, options?: Options) => json<T>('post', path, options),
  put: <T>(path: PathsOf<'put'>, options?: Options) => json<T>('put', path, options),
  patch: <T>(path: PathsOf<'patch'>, options?: Options) => json<T>('patch', path, options),
  delete: <T>(path: PathsOf<'delete'>, options?: Options) => json<T>('delete', path, options),
};

/** What stands in Buddy's envelope `{code, message, data}`. */
export interface Enveloped<T> {
  code: number;
  message: string;
  data: T;
}
