// Who has what, who is here, and who is told.
import {
  aisha,
  composer,
  expect,
  mei,
  message,
  type Page,
  ravi,
  settled,
  test,
} from './fixtures.js';

const status = (page: Page, text: string) =>
  message(page, text).locator('[data-receipt]').getAttribute('data-receipt');

/** Whether somebody looks at the page: visible, and in the window that has the focus. */
const attend = (page: Page, attends: boolean) =>
  page.evaluate((yes) => {
    document.hasFocus = () => yes;
    dispatchEvent(new Event(yes ? 'focus' : 'blur'));
  }, attends);

test('R2: who has read it is told by number and by name', async ({ open, chat }) => {
  const { room, page: hers } = await chat();
  await composer(hers).fill('Are you near?');
  await composer(hers).press('Enter');
  await expect(message(hers, 'Are you near?').locator('[data-receipt=sent]')).toBeVisible();
  await open(ravi, room);
  await expect(message(hers, 'Are you near?').getByRole('img')).toHaveAccessibleName(
    'Read by 1 of 2',
  );
  await message(hers, 'Are you near?').focus();
  await hers.keyboard.press('Enter');
  await hers.getByRole('menuitem', { name: 'Who has read it' }).click();
  const rows = hers.getByRole('dialog').locator('li');
  await expect(rows.filter({ hasText: 'Ravi' })).toContainText(/Read .*\d+:\d\d/);
  await expect(rows.filter({ hasText: 'Mei' })).toContainText('Not yet');
  await hers.keyboard.press('Escape');
  // A4: what closed gives the focus back to what opened it.
  await expect(message(hers, 'Are you near?')).toBeFocused();
});

test('R7: in the demo, stepping in has nothing read for who reads along', async ({
  demo,
  page,
}) => {
  const read: number[] = [];
  const troubles: string[] = [];
  page.on('response', (answer) => {
    if (/\/rooms\/[^/]+\/read\/$/.test(answer.url())) read.push(answer.status());
  });
  page.on('console', (line) => {
    if (line.type() === 'error') troubles.push(line.text());
  });
  await page.goto(`${demo.url}/?order=${demo.order.order}`);
  const opened = (at: number) =>
    page.frameLocator('iframe').nth(at).locator('[role=log][data-settled="true"]').waitFor();
  for (const at of [0, 1]) await opened(at);
  // Customer and rider are in it.
  expect(read).toEqual([200, 200]);
  const people = page.getByRole('group', { name: 'Step in as' });
  for (let open = 2; open > 0; open -= 1)
    await people.locator('[aria-pressed=true]').first().click();
  await people.getByRole('button', { name: /Admin$/ }).click();
  await opened(0);
  await expect(page.frameLocator('iframe').getByText('You read along.')).toBeVisible();
  expect(read).toHaveLength(2);
  expect(troubles).toEqual([]);
});

test('R7: staff who left a chat and read on are told that they read along', async ({
  server,
  chat,
}) => {
  const { room, page } = await chat({ as: mei });
  await expect(page.getByText('You read along.')).toHaveCount(0);
  await server.ask(mei, 'POST', `/api/chat/rooms/${room}/leave/`, {});
  await expect(page.getByText('You read along.')).toBeVisible();
  await page.reload();
  await settled(page);
  await expect(page.getByText('You read along.')).toBeVisible();
  await composer(page).fill('I am back.');
  await composer(page).press('Enter');
  await expect(message(page, 'I am back.')).toBeVisible();
  await expect(page.getByText('You read along.')).toHaveCount(0);
});

test('R6: presence in a dot and in words, and a customer’s only to whom the policy shows it', async ({
  open,
  chat,
}) => {
  const { room, page: his } = await chat({ as: ravi });
  const hers = await open(aisha, room);
  await expect(hers.locator('[data-presence]')).toHaveText(/Ravi.* online/);
  const dot = hers.locator('.header .people .dot');
  await expect(dot).toHaveCount(1);
  // Whole, and under nobody else's avatar.
  const covered = await dot.evaluate((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const middle = [(left + right) / 2, (top + bottom) / 2] as const;
    const points = [
      [left + 1, middle[1]],
      [right - 1, middle[1]],
      [middle[0], top + 1],
      [middle[0], bottom - 1],
    ] as const;
    return points.filter(([x, y]) => document.elementFromPoint(x, y) !== one);
  });
  expect(covered).toEqual([]);
  // She is there, and he does not see it, however fresh his page is.
  await his.reload();
  await settled(his);
  await expect(his.locator('[data-presence]')).toHaveText(/people/);
  await expect(his.locator('[data-presence]')).not.toContainText('Aisha');
});

test('R7 R8: read is what somebody looks at; the number goes in the other tab, too', async ({
  enter,
  order,
}) => {
  const nora = { sub: 'nora', role: 'customer', name: 'Nora Lindgren' };
  const { room } = await order('810', { customer: { id: nora.sub, name: nora.name } });
  const his = await enter(ravi, `/app/rooms/${room}`);
  const hers = await enter(nora, `/app/rooms/${room}`);
  const list = await enter(nora, '/app/');
  await Promise.all([settled(his), settled(hers), list.locator('#rooms li').first().waitFor()]);
  await list.evaluate(() => {
    const told: number[] = [];
    Object.assign(window, { told });
    Object.assign(navigator, { setAppBadge: async (count: number) => void told.push(count) });
  });
  await attend(hers, false);
  await composer(his).fill('I am at the door.');
  await composer(his).press('Enter');
  await expect(message(hers, 'I am at the door.')).toBeVisible();
  await expect(list).toHaveTitle(/^\(1\) /);
  await expect.poll(() => status(his, 'I am at the door.')).toBe('delivered');
  // The page asks itself whether somebody looks. Had it told that it was read, it would have done so before
  // it tells that the second message after that has come.
  await hers.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  for (const text of ['It is cold.', 'And it rains.']) {
    await composer(his).fill(text);
    await composer(his).press('Enter');
    await expect.poll(() => status(his, text)).toBe('delivered');
  }
  expect(await status(his, 'I am at the door.')).toBe('delivered');

  await attend(hers, true);
  const start = Date.now();
  await expect(list).toHaveTitle(/^[^(]/, { timeout: 5_000 });
  // Within a second; this machine does other things, too.
  expect(Date.now() - start).toBeLessThan(process.env.STRICT ? 1_000 : 3_000);
  await expect.poll(() => status(his, 'I am at the door.')).toBe('read');
  const told = await list.evaluate(() => (window as unknown as { told: number[] }).told);
  expect([told.find((count) => count > 0), told.at(-1)]).toEqual([1, 0]);
});

test('R7: a chat is heard, in a shop’s frame as well, unless its notifications are off', async ({
  enter,
  order,
  say,
}) => {
  const { room, order: id } = await order('812');
  const page = await enter(aisha, `/embed?order=${id}`, {}, (page) =>
    page.addInitScript(() => {
      const heard = Object.assign(window, { heard: 0 });
      Object.assign(document, { hasFocus: () => false });
      window.AudioContext = function () {
        heard.heard += 1;
        throw new Error('no sound in a test');
      } as never;
    }),
  );
  await settled(page);
  const heard = () => page.evaluate(() => (window as unknown as { heard: number }).heard);
  const said = async (text: string) => {
    await say(ravi, room, text);
    await expect(message(page, text)).toBeVisible();
    await page.waitForLoadState('networkidle');
    return heard();
  };
  expect(await said('I am at the door.')).toBe(1);
  await page.getByRole('button', { name: 'What to do with this chat' }).click();
  await page.getByRole('menuitem', { name: 'Order' }).click();
  const off = page.getByRole('switch', { name: 'No notifications from this chat' });
  await off.click();
  await expect(off).toBeChecked();
  expect(await said('Hello?')).toBe(1);
  await page.reload();
  await settled(page);
  expect(await said('Anybody?')).toBe(0);
});

test('R7: what is said while one reads elsewhere in the conversation is not in view, so it is not read', async ({
  enter,
  order,
  say,
}) => {
  const nora = { sub: 'nora', role: 'customer', name: 'Nora Lindgren' };
  const { room } = await order('811', { customer: { id: nora.sub, name: nora.name } });
  const his = await enter(ravi, `/app/rooms/${room}`);
  const hers = await enter(nora, `/app/rooms/${room}`);
  await Promise.all([settled(his), settled(hers)]);
  await attend(hers, true);
  await say(ravi, room, ...Array.from({ length: 40 }, (_, at) => `line ${at + 1}`));
  await expect.poll(() => status(his, 'line 40')).toBe('read');
  await hers.getByRole('log').evaluate((log) => (log.scrollTop -= 900));
  await expect(hers.locator('.jump.latest')).toBeVisible();
  await composer(his).fill('Hello?');
  await composer(his).press('Enter');
  await expect(hers.locator('.jump.latest .count')).toHaveText('1');
  await expect.poll(() => status(his, 'Hello?')).toBe('delivered');
  await hers.locator('.jump.latest').click();
  await expect.poll(() => status(his, 'Hello?')).toBe('read');
});

test('T4 T5: the divider stands where the unread began, stays, and is gone the next time', async ({
  open,
  chat,
  say,
}) => {
  const { room, page } = await chat();
  await page.goto(new URL('/app/', page.url()).href);
  await say(ravi, room, ...Array.from({ length: 30 }, (_, at) => `news ${at + 1}.`));
  await page.goto(new URL(`/app/rooms/${room}`, page.url()).href);
  await settled(page);
  const divider = page.locator('[data-mark=unread]');
  await expect(divider).toHaveText('30 new messages');
  const log = (await page.getByRole('log').boundingBox())!;
  const { y } = (await divider.boundingBox())!;
  expect(y).toBeGreaterThanOrEqual(log.y);
  expect(y - log.y).toBeLessThan(log.height / 3);
  const after = () =>
    divider.evaluate((mark) => {
      const rows = [...document.querySelectorAll('[role=log] [data-row]')];
      return rows[rows.findIndex((row) => row.contains(mark)) + 1]?.textContent;
    });
  expect(await after()).toContain('news 1.');
  const his = await open(ravi, room);
  await composer(his).fill('One more.');
  await composer(his).press('Enter');
  await expect(page.locator('.jump.latest .count')).toBeVisible();
  expect(await after()).toContain('news 1.');
  await page.locator('.jump.latest').click();
  await expect(message(page, 'One more.')).toBeVisible();
  await expect.poll(() => status(his, 'One more.')).toBe('read');
  await page.reload();
  await settled(page);
  await expect(message(page, 'One more.')).toBeVisible();
  await expect(divider).toHaveCount(0);
});

test('T12 @postgres: what the order does gathers on one card, which leads to its steps', async ({
  chat,
  say,
  server,
}) => {
  const number = '820';
  const { order, room, page } = await chat({ number });
  await server.report(order, { number, status: 'preparing' });
  await server.report(order, { number, status: 'ready' });
  const card = page.locator('[data-updates]');
  await expect(card.locator('li').last()).toContainText('ready');
  await expect(card).toHaveCount(1);
  await server.report(order, { number, status: 'picked_up' });
  await expect(card.locator('li.now')).toContainText('picked up');
  // What is said makes the next news a card of its own; the newest one alone leads to where the order is.
  await say(ravi, room, 'On my way.');
  await server.report(order, { number, status: 'picked_up', delivery_status: 'delivering' });
  await expect(card).toHaveCount(2);
  const track = page.getByRole('button', { name: 'Track' });
  await expect(track).toHaveCount(1);
  await expect(card.last().getByRole('button', { name: 'Track' })).toBeVisible();
  await track.click();
  const steps = page.getByRole('complementary', { name: 'Order' }).locator('ol');
  await expect(steps.locator('[aria-current=step]')).toContainText('On the way');
  await server.report(order, { number, status: 'delivered' });
  await expect(steps.locator('[aria-current=step]')).toContainText('Delivered');
  await expect(track).toHaveCount(0);
});

test('C1 @phone: on a phone Enter breaks the line, and the button sends', async ({ chat }) => {
  const { page } = await chat();
  await composer(page).tap();
  await page.keyboard.type('one');
  await page.keyboard.press('Enter');
  await page.keyboard.type('two');
  await expect(composer(page)).toHaveValue('one\ntwo');
  await page.getByRole('button', { name: 'Send' }).tap();
  await expect(message(page, 'one')).toContainText('two');
  await expect(composer(page)).toHaveValue('');
});

test('C7: Esc gives back what was there before editing; what may not be edited is not offered', async ({
  open,
  order,
  say,
}) => {
  const { room } = await order();
  await say(aisha, room, 'Third flor');
  const page = await open(aisha, room);
  await composer(page).press('ArrowUp');
  await expect(composer(page)).toHaveValue('Third flor');
  await page.keyboard.press('Escape');
  await expect(composer(page)).toHaveValue('');
  await expect(page.locator('form.composer .about')).toHaveCount(0);
  // Long after, by the page's clock and the server's answer to it.
  await page.route('**/api/chat/rooms/*/messages/**', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { results?: { timestamp: string }[] };
    for (const one of body.results ?? []) one.timestamp = '2020-01-01T10:00:00Z';
    await route.fulfill({ response: answer, json: body });
  });
  await page.reload();
  await settled(page);
  await expect(message(page, 'Third flor')).toBeVisible();
  await composer(page).press('ArrowUp');
  await expect(composer(page)).toHaveValue('');
  await message(page, 'Third flor').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: /Edit/ })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
});
