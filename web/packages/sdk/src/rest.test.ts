import { expect, test, vi } from 'vitest';
import { Credentials, claimsOf } from './credentials.js';
import { routeOf } from './actions.js';
import { Requests } from './rest.js';

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers });

function requests(...answers: (Response | Error)[]) {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => {
    const answer = answers.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const token = vi.fn(async (renew?: boolean) => (renew ? 'new' : 'old'));
  const made = new Requests(
    'https://chat.example',
    fetch as unknown as typeof globalThis.fetch,
    token,
  );
  return { made, fetch, token };
}

test('paths are filled in and encoded', () => {
  expect(routeOf('/api/orders/{order}/', { order: 'a/b c' })).toBe('/api/orders/a%2Fb%20c/');
  expect(routeOf('/x/', {}, { limit: 5, q: 'ä&b', none: undefined })).toBe(
    '/x/?limit=5&q=%C3%A4%26b',
  );
});

test('a token goes with each request, a body as JSON', async () => {
  const { made, fetch } = requests(json(200, { id: 1 }), json(204, null));
  expect(await made.json('POST', '/x/', { a: 1 })).toEqual({ id: 1 });
  expect(fetch.mock.calls[0]).toEqual([
    'https://chat.example/x/',
    {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer old' },
    },
  ]);
  expect(await made.json('DELETE', '/x/')).toBeUndefined();
});

test('a 401 is tried once more with another token', async () => {
  const { made, fetch } = requests(json(401, {}), json(200, { ok: true }));
  expect(await made.json('GET', '/x/')).toEqual({ ok: true });
  expect(fetch.mock.calls[1]![1].headers).toEqual({ Authorization: 'Bearer new' });
  const again = requests(json(401, {}), json(401, { title: 'Not signed in', detail: 'no' }));
  await expect(again.made.json('GET', '/x/')).rejects.toMatchObject({ status: 401, detail: 'no' });
});

test('a problem is typed, with when to come back', async () => {
  const problem = {
    type: 'urn:orderchat:problem:too-many',
    title: 'Too many requests',
    status: 429,
    detail: 'wait',
    errors: [{ pointer: '/q', detail: 'is too long' }],
  };
  const { made } = requests(json(429, problem, { 'Retry-After': '7', 'X-Request-Id': 'r1' }));
  await expect(made.json('GET', '/x/')).rejects.toMatchObject({
    code: 'too-many',
    retryAfter: 7,
    requestId: 'r1',
    errors: problem.errors,
    isTemporary: true,
  });
});

test('what is no problem+json is an error by its status', async () => {
  const { made } = requests(new Response('<html>', { status: 502 }));
  await expect(made.json('GET', '/x/')).rejects.toMatchObject({ status: 502, isTemporary: true });
});

test('no answer is an error without a status', async () => {
  const { made } = requests(new TypeError('fetch failed'));
  await expect(made.json('GET', '/x/')).rejects.toMatchObject({ status: 0, code: 'network' });
});

const jwt = (claims: object) => `e30.${btoa(JSON.stringify(claims)).replace(/=+$/, '')}.sig`;

test('claims are read, whatever is in the way', () => {
  expect(claimsOf(jwt({ sub: 'aisha' }))).toEqual({ sub: 'aisha' });
  expect(claimsOf('no token')).toBeNull();
});

test('a token is asked for once for all, and again before it ends', async () => {
  let now = 1_000_000;
  const ask = vi.fn(async (_renew: boolean) =>
    jwt({ sub: 'aisha', iat: now / 1000, exp: now / 1000 + 100 }),
  );
  const credentials = new Credentials(ask, { now: () => now }, () => {});
  await Promise.all([credentials.get(), credentials.get()]);
  expect(ask).toHaveBeenCalledTimes(1);
  now += 79_000;
  await credentials.get();
  expect(ask).toHaveBeenCalledTimes(1);
  now += 2_000; // a fifth before its end
  await credentials.get();
  expect(ask).toHaveBeenLastCalledWith(true);
});
