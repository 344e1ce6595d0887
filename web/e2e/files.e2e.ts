// Pictures and files, from choosing them to looking at them.
import { readFileSync } from 'node:fs';
import { aisha, composer, expect, message, type Page, ravi, settled, test } from './fixtures.js';

/** A photo as a phone takes it: wider than is sent, with a place in its metadata. Not higher than need be: a
 *  debug build of the server looks at each point. */
async function photo(page: Page, width = 3000, height = 600): Promise<Buffer> {
  const jpeg = await page.evaluate(
    async ([w, h]) => {
      const canvas = new OffscreenCanvas(w!, h!);
      const drawing = canvas.getContext('2d')!;
      drawing.fillStyle = 'teal';
      drawing.fillRect(0, 0, w!, h!);
      drawing.fillStyle = 'orange';
      drawing.fillRect(w! / 4, h! / 4, w! / 2, h! / 2);
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    [width, height],
  );
  // APP1 right after SOI: TIFF, little-endian, one IFD with GPSLatitudeRef = "N".
  const tiff = Buffer.from(
    '49492a0008000000' +
      '0100' +
      '25880400' +
      '01000000' +
      '1a000000' +
      '00000000' +
      '0100' +
      '01000200' +
      '02000000' +
      '4e000000' +
      '00000000',
    'hex',
  );
  const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length + 2);
  return Buffer.concat([
    Buffer.from(jpeg.slice(0, 2)),
    Buffer.from([0xff, 0xe1]),
    length,
    body,
    Buffer.from(jpeg.slice(2)),
  ]);
}

const tray = (page: Page) =>
  page.getByRole('list', { name: 'Files to be sent' }).getByRole('listitem');
const picker = (page: Page) => page.locator('[data-picker]').first();
const thumbs = (page: Page) => page.locator('[role=log] .thumb img');

test('U1 U3 U4: a photo is dropped, made smaller without its place, sent and looked at', async ({
  chat,
  site,
}) => {
  const { room, page } = await chat();
  const bytes = await photo(page);
  const sent: Buffer[] = [];
  site.watch = (path, body) => {
    if (path.includes(`${room}/attachments/`)) sent.push(body);
  };

  // Dropped anywhere on the conversation; where it may be dropped is said aloud, too.
  const drop = (name: string, type: string, data: number[]) =>
    page.evaluate(
      ([called, kind, all]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(
          new File([new Uint8Array(all as number[])], called as string, { type: kind as string }),
        );
        const at = document.querySelector('[role=log]')!;
        const tell = (event: string) =>
          at.dispatchEvent(new DragEvent(event, { dataTransfer, bubbles: true, cancelable: true }));
        tell('dragenter');
        const announced = new Promise((done) =>
          requestAnimationFrame(() => done(document.querySelector('.drop')?.textContent)),
        );
        return announced.then((text) => (tell('drop'), text));
      },
      [name, type, data] as const,
    );
  expect(await drop('door.jpg', 'image/jpeg', [...bytes])).toBe('Drop files to attach them');
  await expect(page.locator('[data-outlet=polite]')).toContainText('Drop files to attach them');
  await expect(tray(page)).toContainText('door.jpg');
  await drop('setup.exe', 'application/x-msdownload', [77, 90]);
  const toast = page.locator('.toasts li');
  await expect(toast).toContainText('setup.exe is of a type that cannot be sent');
  // On the messages: the chat's name and the box stay free.
  const [note, log] = [(await toast.boundingBox())!, (await page.getByRole('log').boundingBox())!];
  expect(note.y).toBeGreaterThanOrEqual(log.y);
  expect(note.y + note.height).toBeLessThanOrEqual(log.y + log.height);
  expect(note.x).toBeGreaterThanOrEqual(log.x);
  await expect(tray(page)).toHaveCount(1);

  await composer(page).fill('Here it is');
  await composer(page).press('Enter');
  await expect(message(page, 'Here it is')).toBeVisible();
  await expect.poll(() => sent.length).toBe(1);
  // Not the bytes that were chosen: smaller, and without EXIF.
  expect(bytes.includes('Exif\0\0')).toBe(true);
  expect(sent[0]!.includes('Exif\0\0')).toBe(false);
  expect(sent[0]!.length).toBeLessThan(bytes.length);

  // Two more by the picker, which takes several at once.
  await picker(page).setInputFiles([
    { name: 'bell.jpg', mimeType: 'image/jpeg', buffer: await photo(page, 600, 900) },
    { name: 'floor.jpg', mimeType: 'image/jpeg', buffer: await photo(page, 500, 500) },
  ]);
  await composer(page).press('Enter');
  await expect(thumbs(page)).toHaveCount(3);
  for (const one of await thumbs(page).all())
    await expect
      .poll(() => one.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);

  // U4: the lightbox.
  const opener = message(page, 'Here it is').locator('.thumb');
  await expect(page.locator('[role=log] [data-receipt=waiting]')).toHaveCount(0);
  await opener.click();
  const box = page.locator('dialog[open]');
  const shown = box.locator('.stage img');
  await expect(shown).toHaveAttribute('alt', /door\.jpg, sent by Aisha/);
  await expect
    .poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBe(2048);
  await page.keyboard.press('+');
  expect(await shown.evaluate((image) => Number(getComputedStyle(image).scale))).toBeCloseTo(1.5);
  await page.keyboard.press('ArrowRight');
  await expect(shown).toHaveAttribute('alt', /(bell|floor)\.jpg/);
  await page.keyboard.press('ArrowLeft');
  await expect(shown).toHaveAttribute('alt', /door\.jpg/);
  const download = page.waitForEvent('download');
  await box.getByRole('button', { name: 'Download' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('door.jpg');
  expect(
    readFileSync(await file.path())
      .subarray(0, 2)
      .toString('hex'),
  ).toBe('ffd8');
  await page.keyboard.press('Escape');
  await expect(box).toHaveCount(0);
  await expect(opener).toBeFocused();
  await expect(page).toHaveURL(new RegExp(`${room}$`));
});

test('U4 U6 @phone: the camera is offered; a swipe goes on, and Back closes the picture', async ({
  chat,
}) => {
  const { room, page } = await chat({ as: ravi });
  await expect(page.getByRole('button', { name: 'Take a photo' })).toBeVisible();
  await expect(page.locator('input[capture=environment]')).toHaveAttribute('accept', 'image/*');
  for (const [name, width] of [
    ['one.jpg', 400],
    ['two.jpg', 300],
  ] as const) {
    const file = { name, mimeType: 'image/jpeg', buffer: await photo(page, width, 400) };
    await picker(page).setInputFiles([file]);
    await page.getByRole('button', { name: 'Send', exact: true }).tap();
  }
  await expect(thumbs(page)).toHaveCount(2);
  await expect(page.locator('[role=log] [data-receipt=waiting]')).toHaveCount(0);
  await page.locator('[role=log] .thumb').first().tap();
  const shown = page.locator('dialog[open] .stage img');
  await expect(shown).toHaveAttribute('alt', /one\.jpg/);
  await page.locator('dialog[open] .stage').evaluate((stage) => {
    const tell = (type: string, clientX: number) =>
      stage.dispatchEvent(
        new PointerEvent(type, { clientX, clientY: 300, pointerId: 1, bubbles: true }),
      );
    stage.setPointerCapture = () => undefined;
    tell('pointerdown', 300);
    tell('pointermove', 200);
    tell('pointerup', 180);
  });
  await expect(shown).toHaveAttribute('alt', /two\.jpg/);
  await page.goBack();
  await expect(page.locator('dialog[open]')).toHaveCount(0);
  await expect(page).toHaveURL(new RegExp(`${room}$`));
});

test('U2 U5 @postgres: a file is sent beside texts, can be stopped and tried again, and is downloaded, never shown', async ({
  chat,
}) => {
  const { room, page } = await chat();
  let go: (way: 'on' | 'refuse') => void = () => {};
  const gate = () => new Promise<'on' | 'refuse'>((done) => (go = done));
  let waiting = gate();
  await page.route('**/attachments/', async (route) => {
    if ((await waiting) === 'on') await route.continue();
    else await route.fulfill({ status: 415, contentType: 'application/problem+json', body: '{}' });
  });
  const file = {
    name: 'note.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('ring twice'),
  };
  await picker(page).setInputFiles([file]);
  await composer(page).press('Enter');
  const bubble = page.getByRole('log').getByRole('article').filter({ hasText: 'note.txt' });
  await expect(bubble.getByRole('progressbar')).toBeVisible();
  await composer(page).fill('It is coming.');
  await composer(page).press('Enter');
  await expect(message(page, 'It is coming.').locator('[data-receipt=waiting]')).toHaveCount(0);
  go('refuse');
  await expect(bubble).toContainText('Not sent');
  waiting = Promise.resolve('on');
  await bubble.getByRole('button', { name: 'Retry' }).click();
  const button = bubble.getByRole('button', { name: /^Download/ });
  await expect(button).toBeVisible();
  const downloading = page.waitForEvent('download');
  await button.click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('note.txt');
  const { headers } = await fetch(download.url());
  expect(headers.get('content-disposition')).toMatch(/^attachment/);
  await expect(page).toHaveURL(new RegExp(`${room}$`));

  waiting = gate();
  await picker(page).setInputFiles([{ ...file, name: 'second.txt' }]);
  await composer(page).press('Enter');
  await page.getByRole('button', { name: 'Cancel sending second.txt' }).click();
  await expect(page.getByRole('log')).not.toContainText('second.txt');
  go('on');
});

test('E3 U5: a file that cannot be downloaded says so, and what helps; it can be tried again', async ({
  chat,
}) => {
  const { page } = await chat();
  const file = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('ring twice') };
  await picker(page).setInputFiles([file]);
  await composer(page).press('Enter');
  const bubble = page.getByRole('log').getByRole('article').filter({ hasText: 'note.txt' });
  const button = bubble.getByRole('button', { name: /^Download/ });
  const toast = page.locator('.toasts li');
  const refused = (status: number) => ({
    status,
    contentType: 'application/problem+json',
    body: JSON.stringify({ status, title: 'No' }),
  });
  await button.click();
  for (const [status, words] of [
    [403, 'note.txt is not there any more, or not for you. Ask for it to be sent again.'],
    [404, 'note.txt is not there any more, or not for you. Ask for it to be sent again.'],
    [410, 'note.txt is not there any more, or not for you. Ask for it to be sent again.'],
    [503, 'note.txt could not be loaded. The server has a problem. Try again in a moment.'],
    [0, 'note.txt could not be loaded. The server cannot be reached.'],
  ] as const) {
    // The way to the file, or the file itself.
    const what = status === 410 ? '**/attachments/*/?link=*' : '**/attachments/*/url/';
    await page.route(what, (route) => (status ? route.fulfill(refused(status)) : route.abort()));
    await button.click();
    await expect(toast).toContainText(words);
    await page.unroute(what);
    const downloading = page.waitForEvent('download');
    await toast.getByRole('button', { name: 'Retry' }).click();
    expect((await downloading).suggestedFilename()).toBe('note.txt');
    await expect(toast).toHaveCount(0);
  }
  // By keys as well.
  await bubble.focus();
  await page.keyboard.press('Enter');
  const downloading = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Download' }).press('Enter');
  expect((await downloading).suggestedFilename()).toBe('note.txt');
});

test('E3 U4: a picture that cannot be loaded says so where it would be, and is tried again', async ({
  chat,
}) => {
  const { page } = await chat();
  const file = { name: 'door.jpg', mimeType: 'image/jpeg', buffer: await photo(page, 400, 400) };
  await page.route('**/thumbnail/**', (route) => route.abort());
  await picker(page).setInputFiles([file]);
  await composer(page).press('Enter');
  const again = page.getByRole('log').getByRole('button', { name: /^Retry: door\.jpg/ });
  await expect(again).toBeVisible();
  await page.unroute('**/thumbnail/**');
  await again.click();
  await expect(thumbs(page)).toBeVisible();

  await page.route('**/attachments/*/url/', (route) => route.abort());
  await page.locator('[role=log] .thumb').click();
  const box = page.locator('dialog[open]');
  const alert = box.getByRole('alert');
  await expect(alert).toContainText('door.jpg could not be loaded. The server cannot be reached.');
  await box.getByRole('button', { name: 'Download' }).click();
  await expect(alert).toHaveCount(1);
  await page.unroute('**/attachments/*/url/');
  const downloading = page.waitForEvent('download');
  await alert.getByRole('button', { name: 'Retry' }).click();
  expect((await downloading).suggestedFilename()).toBe('door.jpg');
  await expect(alert).toHaveCount(0);
});

test('U3: a photo that proves the delivery goes as it was taken; only its rider may say so', async ({
  enter,
  order,
  site,
}) => {
  const { room } = await order('981', { status: 'picked_up' });
  const sent: Buffer[] = [];
  site.watch = (path, body) => {
    if (path.includes(`${room}/attachments/`)) sent.push(body);
  };
  const hers = await enter(aisha, `/app/rooms/${room}`);
  const his = await enter(ravi, `/app/rooms/${room}`);
  await Promise.all([settled(hers), settled(his)]);
  const file = {
    name: 'doorstep.jpg',
    mimeType: 'image/jpeg',
    buffer: await photo(his),
  };
  const proof = (page: Page) => page.getByRole('button', { name: 'Proof of delivery' });
  await picker(hers).setInputFiles([file]);
  await expect(tray(hers)).toContainText('doorstep.jpg');
  await expect(proof(hers)).toHaveCount(0);

  await picker(his).setInputFiles([file]);
  await proof(his).click();
  await expect(proof(his)).toHaveAttribute('aria-pressed', 'true');
  await composer(his).fill('Left with the neighbour');
  await composer(his).press('Enter');
  await expect(
    message(his, 'Left with the neighbour').locator('[data-receipt]'),
  ).not.toHaveAttribute('data-receipt', 'waiting');
  expect(sent).toHaveLength(1);
  expect(sent[0]!.includes(file.buffer)).toBe(true);
  expect(sent[0]!.toString('latin1')).toMatch(/name="purpose"\r\n\r\nproof\r\n/);
});
