import type { Client, PendingMessage } from '@orderchat/sdk';
import { toast } from '@orderchat/ui/primitives/toasts.svelte.js';
import { expect, it, vi } from 'vitest';
import { Chat } from './chat.svelte.js';

vi.mock('@orderchat/ui/primitives/toasts.svelte.js', () => ({ toast: { speak: vi.fn() } }));
vi.mock('@orderchat/ui/i18n/index.svelte.js', () => ({ t: (key: string) => key }));
vi.mock('../session.svelte.js', () => ({ session: {} }));
vi.mock('./preferences.svelte.js', () => ({ preferences: {} }));
vi.mock('../live.svelte.js', () => ({ Live: class {} }));

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
