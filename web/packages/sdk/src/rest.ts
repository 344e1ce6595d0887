import { OrderchatError } from './errors.js';
import type { paths, Problem } from './wire.js';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type MethodsOf<P extends keyof paths> = {
  [M in Method]: paths[P][Lowercase<M>] extends { responses: unknown } ? M : never;
}[Method];
type Operation<P extends keyof paths, M extends Method> = paths[P][Lowercase<M>];

type PathOf<O> = O extends { parameters: { path: infer Path } } ? { path: Path } : unknown;
type QueryOf<O> = O extends { parameters: { query?: infer Query } } ? { query?: Query } : unknown;
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer Body } } }
  ? { body: Body }
  : O extends { requestBody?: { content: { 'application/json': infer Body } } }
    ? { body?: Body }
    : unknown;
type Input<O> = PathOf<O> & QueryOf<O> & BodyOf<O> & { signal?: AbortSignal };
type Success<R> = {
  [S in keyof R]: S extends 200 | 201 | 202
    ? R[S] extends { content: { 'application/json': infer Body } }
      ? Body
      : never
    : S extends 204
      ? undefined
      : never;
}[keyof R];
type Output<O> = O extends { responses: infer R } ? Success<R> : never;

/**
 * Calls a route: the path as `openapi.json` writes it, with `path`, `query` and `body` as it says. A
 * token is given by the client; a 401 is tried once more with another one.
 */
export type Rest = <P extends keyof paths, M extends MethodsOf<P>>(
  method: M,
  path: P,
  ...input: Record<never, never> extends Input<Operation<P, M>>
    ? [Input<Operation<P, M>>?]
    : [Input<Operation<P, M>>]
) => Promise<Output<Operation<P, M>>>;

/** Of a room, by its id or code. */
export const roomPath = (room: string): string => `/api/chat/rooms/${encodeURIComponent(room)}/`;

/** What an answer with this status and body refuses. */
export function refusal(
  status: number,
  body: unknown,
  header: (name: string) => string | null,
): OrderchatError {
  const after = Number(header('Retry-After') ?? NaN);
  return new OrderchatError(
    // Whatever is no problem has none of these fields.
    {
      type: 'http',
      title: `The server answered ${status}`,
      ...(body as Partial<Problem> | null),
      status,
    },
    { retryAfter: after >= 0 ? after : null, requestId: header('X-Request-Id') },
  );
}

/** Answers of routes, by token and path. */
export class Requests {
  constructor(
    readonly url: string,
    readonly fetch: typeof globalThis.fetch,
    readonly token: (renew?: boolean) => Promise<string>,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.json('GET', path) as Promise<T>;
  }

  /** A path with its query, such as `next` of a page. */
  async json(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    const init: RequestInit = { method, ...(signal && { signal }) };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    const answer = await this.answer(path, init);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** An answer that is no refusal; a 401 is tried once more with another token. */
  async answer(path: string, init: RequestInit): Promise<Response> {
    for (let renew = false; ; renew = true) {
      const token = await this.token(renew);
      const headers = { ...init.headers, Authorization: `Bearer ${token}` };
      const answer = await this.fetch(this.url + path, { ...init, headers }).catch((cause) => {
        throw new OrderchatError(
          { ...(init.signal?.aborted && { type: 'aborted', title: 'Given up' }) },
          { cause },
        );
      });
      if (answer.ok) return answer;
      if (answer.status === 401 && !renew) continue;
      const body: unknown = await answer.json().catch(() => null);
      throw refusal(answer.status, body, (name) => answer.headers.get(name));
    }
  }
}
