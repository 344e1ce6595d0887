import type { Draft, MessageView } from '@orderchat/sdk';
import { expect, it, vi } from 'vitest';
import type { Chat } from './chat.svelte.js';
import { OpenRoom } from './room.svelte.js';

// What the model knows of the page is of no concern here.
vi.mock('@orderchat/ui/chat/context.js', () => ({ provideConversation: () => {} }));
vi.mock('@orderchat/ui/primitives/toasts.svelte.js', () => ({ toast: { error: () => {} } }));
vi.mock('@orderchat/ui/primitives/confirm.svelte.js', () => ({ asking: {} }));
vi.mock('../dialogs/dialogs.svelte.js', () => ({ dialogs: {} }));
vi.mock('../router.svelte.js', () => ({ router: {} }));
vi.mock('./chat.svelte.js', () => ({ isAttended: () => true }));
vi.mock('./media.js', () => ({ Media: class {} }));
vi.mock('../live.svelte.js', () => ({ Live: class {} }));

const drafts = new Map<string, Draft | null>();
const room = { id: 'room', edit: vi.fn(), send: vi.fn(), sendFile: vi.fn() };
const client = { room: () => room, drafts };
const opened = () => new OpenRoom({ client } as unknown as Chat, 'room');
const original = { id: 'm1', content: 'as it was' } as MessageView;

it('C7: a change that fails can be tried again, and the draft comes back after it', async () => {
  const open = opened();
  open.text = 'a draft';
  open.edit(original);
  room.edit.mockRejectedValueOnce(new Error('no network'));
  await open.saveEdit('m1', 'as it shall be');
  expect(open.mode.kind).toBe('edit');
  expect(open.text).toBe('as it shall be');
  open.cancel();
  expect(open.text).toBe('a draft');
});

it('C3: what is written while pictures are made smaller stays a draft', async () => {
  const open = opened();
  let ready!: (prepared: { file: File }) => void;
  const sending = open.send({ text: 'look', files: [new Promise((done) => (ready = done))] });
  expect(drafts.get('room')).toBeNull();
  open.text = 'and another thing';
  open.keepDraft();
  ready({ file: new File([], 'a.jpg') });
  await sending;
  expect(room.sendFile).toHaveBeenCalledTimes(1);
  expect(drafts.get('room')?.content).toBe('and another thing');
});
