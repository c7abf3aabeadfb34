/** What went wrong with a request, in the server's own words. `status` 0: the gateway did not answer. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string = '',
    readonly retryAfterMs?: number,
    /** What the control channel says beside the words. */
    readonly details?: unknown,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  get unreachable(): boolean {
    return this.status === 0;
  }

  /** Whoever is signed in may not. */
  get forbidden(): boolean {
    return this.status === 403 || this.code === 'FORBIDDEN';
  }

  static unreachable(cause: unknown): ApiError {
    const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError';
    return new ApiError('', 0, timedOut ? 'timeout' : 'unreachable');
  }

  /** From an answer in any of the gateway's envelopes. */
  static async from(answer: Response): Promise<ApiError> {
    const text = await answer.text().catch(() => '');
    const wait = Number(answer.headers.get('retry-after'));
    return new ApiError(
      wordsOf(text) || answer.statusText || String(answer.status),
      answer.status,
      codeOf(text),
      wait > 0 ? wait * 1000 : undefined,
    );
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `{error: "…"}`, `{error: {message}}`, `{message}` or `{detail}`: the contracts differ. */
function wordsOf(text: string): string {
  const body = parsed(text);
  if (!body) return text.length < 300 && !text.startsWith('<') ? text : '';
  const error = body.error;
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  if (typeof body.message === 'string') return body.message;
  return typeof body.detail === 'string' ? body.detail : '';
}

function codeOf(text: string): string {
  const body = parsed(text);
  const inner = typeof body?.error === 'object' && body.error !== null ? (body.error as Record<string, unknown>) : body;
  return typeof inner?.code === 'string' ? inner.code : '';
}
