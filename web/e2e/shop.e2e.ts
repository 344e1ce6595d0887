// A shop's own site with the chat in it: examples/shop, as docs/EMBEDDING.md tells to run it.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Server, until } from '../packages/sdk/tests/server.js';
import { freePort } from '../tools/demo.mjs';
import { expect, test } from './fixtures.js';

const SECRET = 'what the shop and the chat server both know';
const SHOP = fileURLToPath(new URL('../../examples/shop/server.mjs', import.meta.url));

test('V1: the shop’s page shows the chat in its own colours, signs its customer in, and they write', async ({
  browser,
}) => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const server = await Server.start({
    ORDERCHAT_AUTH_SECRET: SECRET,
    ORDERCHAT_FRAME_ANCESTORS: origin,
  });
  let shop: ChildProcess | null = null;
  // Whose device is dark sees the shop as it is all the same.
  const context = await browser.newContext({ locale: 'en-GB', colorScheme: 'dark' });
  try {
    shop = spawn(process.execPath, [SHOP], {
      stdio: 'ignore',
      env: { ORDERCHAT_AUTH_SECRET: SECRET, ORDERCHAT_URL: server.url, PORT: String(port) },
    });
    await until(
      () =>
        fetch(origin).then(
          ({ ok }) => ok,
          () => false,
        ),
      20_000,
    );
    const page = await context.newPage();
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (line) => {
      // The shop of the example has no icon.
      const isIcon = line.location().url.endsWith('/favicon.ico');
      if (line.type() === 'error' && !isIcon) troubles.push(line.text());
    });
    await page.goto(origin);
    const chat = page.frameLocator('iframe');
    await chat.locator('[role=log]').waitFor();
    await chat.locator('[data-composer]').fill('Is it far?');
    await chat.locator('[data-composer]').press('Enter');
    const bubble = chat.locator('[role=log] article').filter({ hasText: 'Is it far?' });
    await expect(bubble.locator('[data-receipt=sent]')).toBeVisible();
    // Without the list: the order's conversation alone.
    await expect(chat.locator('#rooms')).toHaveCount(0);
    // The look that the shop's page has told it.
    await expect(chat.locator('html')).toHaveCSS('color-scheme', 'light');
    await expect(bubble.locator('.bubble')).toHaveCSS('background-color', 'rgb(122, 62, 0)');

    await page.evaluate((to) => {
      const frame = document.querySelector('iframe')!.contentWindow!;
      frame.postMessage({ type: 'orderchat:look', accent: 'rgb(160, 30, 90)', theme: 'dark' }, to);
    }, server.url);
    await expect(bubble.locator('.bubble')).toHaveCSS('background-color', 'rgb(160, 30, 90)');
    await expect(chat.locator('html')).toHaveCSS('color-scheme', 'dark');
    expect(troubles).toEqual([]);
  } finally {
    await context.close();
    shop?.kill();
    await server.stop();
  }
});
