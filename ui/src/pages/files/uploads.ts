import { ApiError } from '@/client/errors';
import { queries } from '@/client/queries';
import { addressOf } from '@/client/rest';
import { session } from '@/client/session';
import { i18n } from '@/i18n';
import { createStore } from '@/lib/store';
import { workspaceKey } from './api';

export interface Upload {
  id: number;
  agent: string;
  folder: string;
  file: File;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  /** Bytes that are on their way or there. */
  sent: number;
  error?: ApiError;
  overwrite: boolean;
}

const atOnce = 2;

/** Uploads go on while other pages are shown. */
export const uploads = createStore<readonly Upload[]>([]);
const running = new Map<number, XMLHttpRequest>();
let last = 0;

export function upload(agent: string, folder: string, files: Iterable<File>): void {
  const added = [...files].map((file): Upload => {
    last += 1;
    return { id: last, agent, folder, file, state: 'waiting', sent: 0, overwrite: false };
  });
  uploads.set([...uploads.get(), ...added]);
  next();
}

export function cancel(id: number): void {
  change(id, { state: 'cancelled' });
  running.get(id)?.abort();
  next();
}

/** Once more; `overwrite` where a file of that name is to be replaced. */
export function again(id: number, overwrite: boolean): void {
  change(id, { state: 'waiting', sent: 0, error: undefined, overwrite });
  next();
}

/** Forget those that have ended. */
export const tidy = (): void => uploads.set(uploads.get().filter(isOpen));

export const isOpen = (each: Upload): boolean => each.state === 'waiting' || each.state === 'running';

function change(id: number, values: Partial<Upload>): void {
  uploads.set(uploads.get().map((each) => (each.id === id ? { ...each, ...values } : each)));
}

function next(): void {
  for (const each of uploads.get()) {
    if (running.size >= atOnce) return;
    if (each.state === 'waiting' && !running.has(each.id)) start(each);
  }
}

/** `fetch` tells nothing of what has been sent, so it is the older interface. */
function start({ id, agent, folder, file, overwrite }: Upload): void {
  const request = new XMLHttpRequest();
  running.set(id, request);
  change(id, { state: 'running' });
  request.upload.onprogress = (event) => change(id, { sent: Math.min(event.loaded, file.size) });
  request.onloadend = () => {
    running.delete(id);
    void ended(id, request).finally(next);
  };
  request.open('POST', addressOf('/api/workspace/upload', { query: { agent } }));
  request.setRequestHeader('accept-language', i18n.language);
  request.setRequestHeader('x-crawdad-csrf', session.get()?.csrf ?? '');
  const form = new FormData();
  form.append('path', folder);
  form.append('overwrite', String(overwrite));
  form.append('files', file, file.name);
  request.send(form);
}

async function ended(id: number, request: XMLHttpRequest): Promise<void> {
  if (uploads.get().find((each) => each.id === id)?.state === 'cancelled') return;
  if (request.status >= 200 && request.status < 300) {
    change(id, { state: 'done' });
    await queries.invalidateQueries({ queryKey: workspaceKey });
    return;
  }
  if (request.status === 401) session.set(null);
  const error = request.status
    ? await ApiError.from(new Response(request.responseText, { status: request.status }))
    : ApiError.unreachable(undefined);
  change(id, { state: 'failed', error });
}
