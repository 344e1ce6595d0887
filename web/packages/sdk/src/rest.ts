import type { paths } from './wire.js';

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
