import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Session } from './session.svelte.js';

const clients = vi.hoisted(() => {
  // The page's own session is made as its module is loaded: once for all tests, outside of their time.
  vi.stubGlobal('window', {});
  return [] as {
    getToken: (renew: boolean) => Promise<string>;
    connect: () => void;
    close: () => void;
  }[];
});
vi.mock('@orderchat/sdk', () => ({
  createClient: ({ getToken }: { getToken: () => Promise<string> }) => {
    clients.push({ getToken, connect: vi.fn(), close: vi.fn() });
    return clients.at(-1);
  },
}));
vi.mock('./router.svelte.js', () => ({ router: { go: () => {} } }));

const ORIGIN = 'https://shop.example';
const parent = { postMessage: vi.fn() };
let hear: (event: object) => void;

/** The page around this one says something. */
const say = (data: object) => hear({ source: parent, origin: ORIGIN, data });
const asked = () => parent.postMessage.mock.lastCall?.[0].type;

async function started(window: object) {
  vi.stubGlobal('window', window);
  const session = new Session();
  await session.start();
  return session;
}

beforeEach(() => {
  vi.useFakeTimers();
  clients.length = 0;
  parent.postMessage.mockClear();
  vi.stubGlobal('location', new URL('https://chat.example/embed'));
  vi.stubGlobal('document', { referrer: `${ORIGIN}/order` });
  vi.stubGlobal('addEventListener', (_: string, listener: typeof hear) => (hear = listener));
  vi.stubGlobal('fetch', () =>
    Promise.resolve(Response.json({ version: '1', demo: true, frame_ancestors: [ORIGIN] })),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('a frame asks the site around it for tokens', async () => {
  await started({ parent, location });
  expect(asked()).toBe('orderchat:ready');
  say({ type: 'orderchat:token', token: 'first' });
  const [client] = clients;
  expect(await client!.getToken(false)).toBe('first');
  expect(asked()).toBe('orderchat:ready');
  const second = client!.getToken(true);
  expect(asked()).toBe('orderchat:token-wanted');
  say({ type: 'orderchat:token', token: 'second' });
  expect(await second).toBe('second');
  expect(clients).toHaveLength(1);
});

it('a site that does not answer is asked again: until it does, there is no network', async () => {
  await started({ parent, location });
  say({ type: 'orderchat:token', token: 'first' });
  const { getToken } = clients[0]!;
  await getToken(false);
  const failed = expect(getToken(true)).rejects.toBeInstanceOf(TypeError);
  await vi.advanceTimersByTimeAsync(10_000);
  await failed;
  parent.postMessage.mockClear();
  const second = getToken(true);
  expect(asked()).toBe('orderchat:token-wanted');
  say({ type: 'orderchat:token', token: 'second' });
  expect(await second).toBe('second');
});

it('a token that comes late is the next one, and makes the client try at once', async () => {
  await started({ parent, location });
  say({ type: 'orderchat:token', token: 'first' });
  const { getToken, connect } = clients[0]!;
  await getToken(false);
  const failed = expect(getToken(true)).rejects.toBeInstanceOf(TypeError);
  await vi.advanceTimersByTimeAsync(10_000);
  await failed;
  vi.mocked(connect).mockClear();
  say({ type: 'orderchat:token', token: 'late' });
  expect(connect).toHaveBeenCalled();
  parent.postMessage.mockClear();
  expect(await getToken(true)).toBe('late');
  expect(asked()).toBeUndefined();
});

it('who signs in takes the place of who was there', async () => {
  const window = { location };
  const session = await started(Object.assign(window, { parent: window }));
  session.useDemoPerson('aisha');
  session.useDemoPerson('ravi');
  expect(clients).toHaveLength(2);
  expect(clients[0]!.close).toHaveBeenCalledTimes(1);
  expect(clients[1]!.close).not.toHaveBeenCalled();
});
