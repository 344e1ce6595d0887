// Everything without a pointer.
import { aisha, composer, expect, message, ravi, settled, test } from './fixtures.js';

test('K2 K4 C7: send, reply, edit and delete with the keyboard only', async ({ chat }) => {
  const { page } = await chat({ said: ['Are you at home?'] });
  // A4: a room that is opened has the focus where one writes.
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('Yes, I am');
  await page.keyboard.press('Enter');
  await expect(message(page, 'Yes, I am')).toBeVisible();

  // C7: up in an empty box edits one's last message.
  await expect(message(page, 'Yes, I am').locator('[data-receipt]')).not.toHaveAttribute(
    'data-receipt',
    'waiting',
  );
  await page.keyboard.press('ArrowUp');
  await expect(composer(page)).toHaveValue('Yes, I am');
  await page.keyboard.press('End');
  await page.keyboard.type(' home');
  await page.keyboard.press('Enter');
  await expect(message(page, 'Yes, I am home')).toContainText(/edited/i);
  await expect(composer(page)).toBeFocused();

  // K2: the timeline is one stop, arrows move in it; no key waits for what the one before has drawn.
  const log = page.getByRole('log');
  const isAtLog = () => log.evaluate((one) => one === document.activeElement);
  for (let stops = 0; stops < 12 && !(await isAtLog()); stops += 1)
    await page.keyboard.press('Shift+Tab');
  await expect(log).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(message(page, 'Are you at home?')).toBeFocused();
  await page.keyboard.press('r');
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('Third floor.');
  await page.keyboard.press('Enter');
  const reply = message(page, 'Third floor.');
  await expect(reply.locator('.quote')).toBeVisible();

  // Deleting asks first, and the answer is a key, too.
  await expect(reply.locator('[data-receipt]')).not.toHaveAttribute('data-receipt', 'waiting');
  await reply.focus();
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  await expect(dialog).toBeVisible();
  const isDelete = () =>
    page.evaluate(() => /delete/i.test(document.activeElement?.textContent ?? ''));
  for (let stops = 0; stops < 8 && !(await isDelete()); stops += 1)
    await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('log')).toContainText(/deleted/i);
  // A4: never lost.
  expect(await page.evaluate(() => document.activeElement !== document.body)).toBe(true);
});

test('K3 K1: the list is one stop; arrows and letters move, Enter opens; Ctrl+K finds a room', async ({
  enter,
  order,
}) => {
  await order('301');
  const { room } = await order('302');
  const page = await enter(aisha, '/app/');
  const rows = page.locator('#rooms li a');
  await expect(rows.nth(1)).toBeVisible();
  await page.locator('#rooms a[tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(rows.nth(0)).toBeFocused();
  await page.keyboard.type('301');
  await expect(page.locator('#rooms li a:focus')).toContainText('301');
  await page.keyboard.press('Enter');
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.locator('input[role=combobox]').fill('302');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(room));
});

test('K1: who is faster than the list of Ctrl+K goes where they wanted as soon as it is there', async ({
  chat,
  order,
}) => {
  const { room } = await order('304');
  const { page } = await chat({ number: '303' });
  await expect(page.locator(`#rooms [data-room="${room}"]`)).toBeVisible();
  let go = () => {};
  const held = new Promise<void>((done) => (go = done));
  await page.route(/\/api\/chat\/rooms\/\?/, async (route) => {
    await held;
    await route.continue();
  });
  await page.keyboard.press('Control+k');
  await page.locator('input[role=combobox]').fill('304');
  await page.keyboard.press('Enter');
  go();
  await expect(page).toHaveURL(new RegExp(room));
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('K1: keys for other chats, for search, files, beginning and end; none of them while one writes', async ({
  open,
  order,
  say,
  server,
}) => {
  const lea = { sub: 'lea', role: 'customer', name: 'Lea Brandt' };
  const of = (number: string) => order(number, { customer: { id: lea.sub, name: lea.name } });
  const [last, middle, first] = [await of('971'), await of('972'), await of('973')];
  await say(ravi, middle.room, 'in the middle');
  await server.ask(lea, 'POST', `/api/chat/rooms/${middle.room}/read/`, {});
  await say(ravi, first.room, ...Array.from({ length: 90 }, (_, at) => `line ${at + 1}`));
  await server.ask(lea, 'POST', `/api/chat/rooms/${first.room}/read/`, {});
  const page = await open(lea, first.room);
  const rows = page.locator('#rooms li a');
  for (const [at, { room }] of [first, middle, last].entries())
    await expect(rows.nth(at)).toHaveAttribute('data-room', room);
  const isAt = ({ room }: { room: string }) => expect(page).toHaveURL(new RegExp(room));

  // While one writes, too: these have a modifier.
  await expect(composer(page)).toBeFocused();
  await page.keyboard.press('Alt+ArrowDown');
  await isAt(middle);
  await page.keyboard.press('Alt+ArrowUp');
  await isAt(first);
  await settled(page);
  await composer(page).focus();
  await page.keyboard.press('Control+F6');
  await expect(rows.first()).toBeFocused();
  await page.keyboard.press('Control+Shift+F6');
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type('?');
  await expect(composer(page)).toHaveValue('?');
  await expect(page.locator('dialog[open]')).toHaveCount(0);
  await composer(page).fill('');
  // From here on, and not as late as the key: that file choosers are to be told of, nobody waits for.
  page.on('filechooser', () => undefined);
  await page.keyboard.press('Control+f');
  await expect(page.locator('aside input[type=search]')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('aside')).toHaveCount(0);
  const chooser = page.waitForEvent('filechooser');
  await page.keyboard.press('Control+Shift+U');
  expect((await chooser).isMultiple()).toBe(true);

  await page.getByRole('log').focus();
  await page.keyboard.press('Control+Home');
  await expect(page.getByRole('log')).toContainText(/line 1\b/);
  await page.keyboard.press('Control+End');
  await expect(message(page, 'line 90')).toBeInViewport();
  await page.keyboard.press('?');
  await expect(page.locator('dialog[open]')).toBeVisible();
  await page.keyboard.press('Escape');

  // The next one with something new, past the one without.
  await say(ravi, last.room, ...Array.from({ length: 30 }, (_, at) => `news ${at + 1}`));
  await expect(rows.first()).toHaveAttribute('data-room', last.room);
  await page.keyboard.press('Alt+ArrowDown');
  await isAt(middle);
  await page.keyboard.press('Alt+Shift+ArrowUp');
  await isAt(last);
  await settled(page);
  await page.keyboard.press('Control+End');
  await page.getByRole('log').focus();
  await page.keyboard.press('Shift+PageUp');
  await expect(page.locator('[data-mark=unread]')).toBeInViewport();
});
