import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import RoomItem from './RoomItem.svelte';

const said = { id: 'm', seq: 7, sender_name: 'Minh', excerpt: 'Ring twice', is_deleted: false };
const room = {
  id: 'r',
  room_title: 'Order #1',
  status: 'open',
  order_status: 'accepted',
  message_count: 30,
  last_message: said,
  last_message_preview: said.excerpt,
};
const row = async (mine: object | null) => {
  const given = { ...room, my_participant: mine } as never;
  const screen = await render(RoomItem, {
    room: given,
    href: '#',
    selected: false,
    tabbable: true,
    now: new Date(),
  });
  return screen.container.textContent;
};

describe('RoomItem', () => {
  it('what was said last is for who is in the room, however the room became known', async () => {
    expect(await row({ is_active: true })).toContain('Ring twice');
    for (const mine of [null, { is_active: false }]) {
      const text = await row(mine);
      expect(text).toContain('30 messages');
      expect(text).not.toContain('Ring twice');
    }
  });
});
