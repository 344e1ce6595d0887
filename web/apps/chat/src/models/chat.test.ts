import type { Client, EventFrame, PendingMessage, RoomView } from '@orderchat/sdk';
import { toast } from '@orderchat/ui/primitives/toasts.svelte.js';
import { afterEach, expect, it, vi } from 'vitest';
import { Chat, isSilent } from './chat.svelte.js';
import { chime } from './sound.js';

vi.mock('@orderchat/ui/primitives/toasts.svelte.js', () => ({ toast: { speak: vi.fn() } }));
vi.mock('@orderchat/ui/i18n/index.svelte.js', () => ({ t: (key: string) => key }));
vi.mock('../session.svelte.js', () => ({ session: {} }));
vi.mock('./preferences.svelte.js', () => ({ preferences: { sound: true } }));
vi.mock('./sound.js', () => ({ chime: vi.fn() }));
vi.mock('../live.svelte.js', () => ({
  Live: class {
    value = null;
  },
}));
afterEach(() => void vi.unstubAllGlobals());

it('A3: that a message was not sent is said at once, and once', () => {
  let tell!: (items: Partial<PendingMessage>[]) => void;
  const chat = new Chat({
    now: Date.now,
    onFrame: () => () => undefined,
    outbox: { subscribe: (listener: typeof tell) => ((tell = listener), () => undefined) },
  } as unknown as Client);
  const end = chat.start();
  tell([{ state: 'sending' }]);
  expect(toast.speak).not.toHaveBeenCalled();
  tell([{ state: 'failed' }, { state: 'waiting' }]);
  expect(toast.speak).toHaveBeenCalledExactlyOnceWith('message.notSent', true);
  tell([{ state: 'failed' }, { state: 'sending' }]);
  tell([{ state: 'sending' }]);
  expect(toast.speak).toHaveBeenCalledTimes(1);
  tell([{ state: 'failed' }]);
  expect(toast.speak).toHaveBeenCalledTimes(2);
  end();
});

const NOW = Date.parse('2026-11-30T12:00:00Z');

/** A page that nobody looks at, with a room of these preferences in which two messages are unread. */
function unattended(notification_preferences: object) {
  vi.stubGlobal('document', { visibilityState: 'hidden' });
  let hear!: (frame: EventFrame) => void;
  const chat = new Chat({
    now: () => NOW,
    onFrame: (_: string, listener: typeof hear) => ((hear = listener), () => undefined),
    outbox: { subscribe: () => () => undefined },
  } as unknown as Client);
  chat.start()();
  const my_participant = { id: 'me', is_active: true, notification_preferences };
  chat.know({ id: 'room', unread_count: 2, my_participant } as unknown as RoomView);
  vi.mocked(chime).mockClear();
  const hears = async (message_type: string, kind = 'message.created') => {
    const message = { message_type, sender: 'other', sender_name: 'Ravi', client_message_id: null };
    const data = { message: { ...message, content: '' }, participant: { id: 'me' } };
    hear({ room: 'room', kind, at: new Date(NOW).toISOString(), data } as unknown as EventFrame);
    await vi.dynamicImportSettled();
    return vi.mocked(chime).mock.calls.length > 0;
  };
  return { chat, hears };
}

it.each([
  [{}, true, true],
  [{ order_updates: false }, true, false],
  [{ messages: false }, false, true],
  [{ messages: false, order_updates: false }, false, false],
  [{ receipts: false }, true, true],
  [{ sound: false }, false, false],
  [{ mute_until: '2026-11-30T12:00:01.000Z' }, false, false],
  [{ mute_until: '2026-11-30T11:59:59.000Z' }, true, true],
])('L6: with %j messages sound: %s, what the order does: %s', async (wishes, message, update) => {
  for (const [type, sounds] of [
    ['text', message],
    ['file', message],
    ['order_update', update],
    ['delivery_update', update],
  ] as const) {
    expect(await unattended(wishes).hears(type), type).toBe(sounds);
  }
  expect(isSilent(wishes, NOW)).toBe(!message && !update);
});

it('R8: what is unread where one wants to know of nothing is on no badge', async () => {
  expect(unattended({ messages: false }).chat.hushed).toBe(0);
  expect(unattended({ sound: false }).chat.hushed).toBe(0);
  const { chat, hears } = unattended({ messages: false, order_updates: false });
  expect(chat.hushed).toBe(2);
  // Who is not in it any more has nothing unread there.
  await hears('system', 'participant.ended');
  expect(chat.hushed).toBe(0);
});
