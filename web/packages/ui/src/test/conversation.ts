import type { ParticipantView } from '@orderchat/sdk';
import { vi } from 'vitest';
import { participant } from '../../../sdk/tests/fakes.js';
import type { Conversation } from '../chat/context.js';

/** A conversation of which a row asks: everything is allowed, nothing is done. */
export const conversation = (more: Partial<Conversation> = {}): Conversation => ({
  me: 'p1',
  role: 'customer',
  participants: [] as readonly ParticipantView[],
  now: new Date('2026-11-29T12:00:00Z'),
  rights: () => ({ reply: null, edit: null, remove: null }),
  reply: vi.fn(),
  edit: vi.fn(),
  remove: vi.fn(),
  report: vi.fn(),
  history: vi.fn(),
  receipts: vi.fn(),
  thread: vi.fn(),
  jump: vi.fn(),
  retry: vi.fn(),
  discard: vi.fn(),
  look: vi.fn(),
  menu: vi.fn(),
  download: vi.fn(),
  address: () => new Promise(() => undefined),
  ...more,
});

export { participant };
