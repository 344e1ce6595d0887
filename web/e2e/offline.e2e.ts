// Networks fail and servers die; what was said is there once, in order.
import type { RoomView } from '@orderchat/sdk';
import { admin, aisha, composer, expect, kept, message, ravi, test } from './fixtures.js';

/** What is in the room, by the server. */
async function stored(server: import('./fixtures.js').Server, room: string): Promise<string[]> {
  const path = `/api/chat/rooms/${room}/messages/?limit=200&type=text`;
  const page = await server.ask<{ results: { content: string }[] }>(admin, 'GET', path);
  return page.results.map(({ content }) => content);
}

test('O1 O2: offline, the queue waits, survives a reload, and goes out once and in order', async ({
  chat,
  site,
  server,
}) => {
  const { room, page } = await chat();
  site.cut(true);
  await expect(page.locator('[data-offline]')).toBeVisible();
  for (const text of ['first', 'second', 'third']) {
    await composer(page).fill(text);
    await composer(page).press('Enter');
    await expect(message(page, text)).toBeVisible();
  }
  expect(await stored(server, room)).toEqual([]);
  // As a message and not only as what is being written; they are kept one after the other.
  await kept(page, '"content":"third","replyTo":null,"metadata"');
  await page.reload();
  site.cut(false);
  await expect
    .poll(() => stored(server, room), { timeout: 40_000 })
    .toEqual(['first', 'second', 'third']);
  await expect(page.locator('[data-offline]')).toBeHidden();
  for (const text of ['first', 'second', 'third']) await expect(message(page, text)).toHaveCount(1);
});

test('O1 R6: without a connection nobody is said to be online', async ({ open, chat, site }) => {
  const { room, page } = await chat();
  await open(ravi, room);
  await expect(page.locator('[data-presence]')).toHaveText(/Ravi.* online/);
  site.cut(true);
  await expect(page.locator('[data-presence]')).toHaveText('Reconnecting…');
  await expect(page.locator('.avatar .dot')).toHaveCount(0);
  site.cut(false);
  await expect(page.locator('[data-presence]')).toHaveText(/Ravi.* online/, { timeout: 40_000 });
});

test('O1 R6: a view of the demo whose connection is cut says so at once', async ({
  demo,
  page,
}) => {
  await page.goto(`${demo.url}/?order=${demo.order.order}`);
  const view = page.locator('section.pane').first();
  const inside = view.frameLocator('iframe');
  await inside.locator('[role=log][data-settled="true"]').waitFor();
  await expect(inside.locator('[data-presence]')).not.toHaveText('Offline');
  await view.getByRole('button', { name: 'Cut connection' }).click();
  await expect(inside.locator('[data-presence]')).toHaveText('Offline', { timeout: 1_000 });
  await expect(inside.locator('[data-offline]')).toBeVisible({ timeout: 1_000 });
  await view.getByRole('button', { name: 'Restore connection' }).click();
  await expect(inside.locator('[data-offline]')).toBeHidden();
  await expect(inside.locator('[data-presence]')).not.toHaveText('Offline');
});

test('O2 @postgres: the server is killed while messages are sent', async ({ chat, server }) => {
  const { room, page } = await chat();
  const said = Array.from({ length: 12 }, (_, at) => `message ${at + 1} of 12`);
  for (const [at, text] of said.entries()) {
    if (at === 5) await server.kill();
    await composer(page).fill(text);
    await composer(page).press('Enter');
  }
  await server.run();
  await expect.poll(() => stored(server, room), { timeout: 40_000 }).toEqual(said);
  await expect(message(page, 'message 12 of 12').locator('[data-receipt=waiting]')).toHaveCount(0);
  await expect(message(page, 'message 6 of 12')).toHaveCount(1);
});

test('R1 R7: a server that is set back to a backup shows who had read what then; reading goes on', async ({
  chat,
  say,
  server,
}) => {
  const { room, page } = await chat();
  await composer(page).fill('Are you near?');
  await composer(page).press('Enter');
  const mine = message(page, 'Are you near?');
  await expect(mine.locator('[data-receipt=sent]')).toBeVisible();
  const setBack = await server.backup();
  await say(ravi, room, 'Two more streets', 'and a bridge');
  await server.ask(ravi, 'POST', `/api/chat/rooms/${room}/read/`, {});
  await expect(mine.locator('[data-receipt=read]')).toBeVisible();
  await expect(message(page, 'and a bridge')).toBeVisible();

  await setBack();
  await expect(message(page, 'Two more streets')).toHaveCount(0, { timeout: 40_000 });
  await expect(mine.locator('[data-receipt=sent]')).toBeVisible();
  // What she has read before does not stand for what is said at its place.
  const head = async () => {
    const path = `/api/chat/rooms/${room}/`;
    const { seq, my_participant: her } = await server.ask<RoomView>(aisha, 'GET', path);
    return seq! - her!.read_seq;
  };
  await say(ravi, room, 'Here I am');
  await expect(message(page, 'Here I am')).toBeInViewport();
  await expect.poll(head).toBe(0);
});

test('O3: 200 messages while the page is cut off: no hole, none twice', async ({
  chat,
  say,
  site,
}) => {
  const { room, page } = await chat();
  site.cut(true);
  await say(ravi, room, ...Array.from({ length: 200 }, (_, at) => `number ${at + 1}.`));
  site.cut(false);
  await expect(page.locator(`[data-room="${room}"]`)).toContainText('number 200.', {
    timeout: 40_000,
  });
  // The list may have read it from the server before the conversation has caught up.
  const log = page.getByRole('log');
  await expect(log).toContainText('number 200.', { timeout: 20_000 });
  await expect(log).toHaveAttribute('data-settled', 'true');
  // Every row that is ever mounted on the way from the end to the beginning.
  const seen = await page.evaluate(async () => {
    const scroller = document.querySelector<HTMLElement>('[role=log]')!;
    const seqs = new Map<string, number>();
    const look = () => {
      const now = new Map<string, number>();
      for (const row of scroller.querySelectorAll<HTMLElement>('[data-seq]')) {
        const text = /number \d+\./.exec(row.textContent ?? '')?.[0];
        if (text) now.set(text, (now.get(text) ?? 0) + 1);
      }
      for (const [text, count] of now) seqs.set(text, Math.max(count, seqs.get(text) ?? 0));
    };
    scroller.scrollTop = scroller.scrollHeight;
    for (let step = 0; step < 400 && !seqs.has('number 1.'); step += 1) {
      await new Promise(requestAnimationFrame);
      look();
      scroller.scrollTop -= 250;
    }
    look();
    return [...seqs];
  });
  expect(seen.filter(([, count]) => count !== 1)).toEqual([]);
  expect(seen).toHaveLength(200);
});
