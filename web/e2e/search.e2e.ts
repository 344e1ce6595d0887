// Finding what was said.
import { expect, message, type Page, ravi, test } from './fixtures.js';

const box = (page: Page) => page.getByRole('searchbox', { name: 'Search messages' });
const hits = (page: Page) => page.locator('.hit');

test('S1 S2 @postgres: in one chat and in all; few questions, plain answers; a hit leads there, Esc back', async ({
  open,
  order,
  say,
  server,
}) => {
  const kim = { sub: 'kim', role: 'customer', name: 'Kim Larsen' };
  const fields = { customer: { id: kim.sub, name: kim.name } };
  const [first, second] = [await order('961', fields), await order('962', fields)];
  await say(ravi, first.room, 'The lavender door, third floor');
  await say(ravi, first.room, ...Array.from({ length: 60 }, (_, at) => `line ${at + 1}`));
  await say(ravi, second.room, 'Lavender is sold out');
  await server.ask(kim, 'POST', `/api/chat/rooms/${first.room}/read/`, {});
  const page = await open(kim, first.room);
  const opener = page.getByRole('button', { name: 'Search in this chat' });
  await opener.press('Enter');
  await expect(box(page)).toBeFocused();
  const asked: string[] = [];
  page.on('request', (request) => request.url().includes('/search/') && asked.push(request.url()));
  // As fast as one types, however busy the machine is.
  await box(page).evaluate((input: HTMLInputElement) => {
    for (let letters = 1; letters <= 'lavender'.length; letters += 1) {
      input.value = 'lavender'.slice(0, letters);
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
  });
  await expect(hits(page)).toHaveCount(1);
  expect(asked).toHaveLength(1);
  await expect(hits(page).locator('mark')).toHaveText('lavender');
  await expect(hits(page)).toContainText('Ravi');
  await expect(hits(page).locator('time')).toHaveText(/\d/);
  // S2: by who wrote it, of those who are here.
  await page.getByRole('button', { name: 'Filters' }).click();
  const writer = page.getByLabel('Written by');
  await writer.selectOption({ label: 'Mei' });
  await expect(page.locator('aside')).toContainText('Nothing found');
  await writer.selectOption({ label: 'Ravi' });
  await expect(hits(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'All chats' }).click();
  await expect(hits(page)).toHaveCount(2);
  await expect(hits(page).filter({ hasText: 'sold out' })).toContainText('962');

  // S2: days and files; nothing found and not answered are two different things.
  await page.getByLabel('From date').fill('2090-01-01');
  await expect(page.locator('aside')).toContainText('Nothing found for “lavender”');
  await page.getByLabel('From date').fill('');
  await expect(hits(page)).toHaveCount(2);
  await page.getByLabel('With a file').check();
  await expect(page.locator('aside')).toContainText('Nothing found');
  await page.getByLabel('With a file').uncheck();
  await expect(hits(page)).toHaveCount(2);
  await page.route('**/api/chat/search/**', (route) => route.abort());
  await box(page).fill('lavender door');
  await expect(page.locator('aside')).toContainText('The search failed.');
  await page.unroute('**/api/chat/search/**');
  await page.locator('aside').getByRole('button', { name: 'Retry' }).click();
  await expect(hits(page)).toHaveCount(1);

  // The message is not among those that are loaded.
  const source = message(page, 'The lavender door');
  await expect(source).toHaveCount(0);
  await hits(page).click();
  await expect(source).toBeInViewport();
  await expect(source).toHaveClass(/\blit\b/);
  await box(page).press('Escape');
  await expect(page.locator('aside')).toHaveCount(0);
  await expect(opener).toBeFocused();
});

test('S1 @both: an address of a search shows what it finds, and leaves the list as it is', async ({
  enter,
  order,
  say,
}, info) => {
  const lea = { sub: `lea-${info.project.name}`, role: 'customer', name: 'Lea Moss' };
  const fields = { customer: { id: lea.sub, name: lea.name } };
  const [first, second] = [await order('963', fields), await order('964', fields)];
  await say(ravi, first.room, 'The juniper door, third floor');
  await say(ravi, second.room, 'Juniper is sold out', 'and sage');
  const page = await enter(lea, '/app/search?q=juniper');
  const list = page.locator('#rooms li');
  await expect(box(page)).toHaveValue('juniper');
  await expect(hits(page)).toHaveCount(2);
  await expect(list).toHaveCount(2);
  if (info.project.name !== 'phone') {
    await page.getByRole('searchbox', { name: 'Order number' }).fill('964');
    await expect(list).toHaveCount(1);
    await expect(hits(page)).toHaveCount(2);
  }

  // What is looked for is in the address: it survives a reload, a visit to a hit, and can be shared.
  await box(page).fill('sold out');
  await expect(hits(page)).toHaveCount(1);
  await expect(page).toHaveURL(/[?&]q=sold\+out/);
  await page.reload();
  await expect(box(page)).toHaveValue('sold out');
  await hits(page).click();
  await expect(message(page, 'Juniper is sold out')).toHaveClass(/\blit\b/);
  await expect(page).not.toHaveURL(/[?&]q=/);
  await page.goBack();
  await expect(box(page)).toHaveValue('sold out');
  await expect(hits(page)).toHaveCount(1);
  await box(page).press('Escape');
  await expect(box(page)).toHaveCount(0);
  await expect(list.first()).toBeVisible();
});

test('S1: a hit names its chat, also where the list does not show that', async ({
  enter,
  order,
  say,
}) => {
  const tom = { sub: 'tom-reed', role: 'customer', name: 'Tom Reed' };
  const { room } = await order('965', { customer: { id: tom.sub, name: tom.name } });
  await say(ravi, room, 'The thyme is here');
  const page = await enter(tom, '/app/search?q=thyme&status=closed');
  await expect(hits(page)).toContainText('965');
});

test('S1 @phone: whoever opens the search of a chat types at once', async ({ chat }) => {
  const { page } = await chat();
  await page.getByRole('button', { name: 'Search in this chat' }).tap();
  await expect(box(page)).toBeFocused();
});
