import type { Problem } from './wire.js';

/**
 * What the server refused, or why it could not be asked. One class: match on `status` or `code`, show
 * `detail`, which says what was wrong and what to do.
 */
export class OrderchatError extends Error {
  override readonly name = 'OrderchatError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The last part of the problem's type, such as `room-full`; `network` and `aborted` without an answer. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** The fields that were wrong, by JSON pointer. */
  readonly errors: readonly { pointer: string; detail: string }[];
  /** Seconds after which trying again makes sense; null when the server did not say. */
  readonly retryAfter: number | null;
  /** `X-Request-Id` of the answer, for whoever reads the server's log. */
  readonly requestId: string | null;

  constructor(
    problem: Partial<Problem>,
    more: { retryAfter?: number | null; requestId?: string | null; cause?: unknown } = {},
  ) {
    const title = problem.title ?? 'No connection';
    super(problem.detail ?? title, { cause: more.cause });
    this.status = problem.status ?? 0;
    this.code = problem.type?.split(':').pop() ?? 'network';
    this.title = title;
    this.detail = this.message;
    this.errors = problem.errors ?? [];
    this.retryAfter = more.retryAfter ?? null;
    this.requestId = more.requestId ?? null;
  }

  /** It may succeed later as it is: no answer, too many, overloaded, disk full. */
  get isTemporary(): boolean {
    return [0, 429, 502, 503, 504, 507].includes(this.status);
  }
}
