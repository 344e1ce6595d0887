// Pictures of twelve states in two sizes and two themes, to be looked at:
//   node tools/shots.mjs [URL of `orderchat demo`] [folder]
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright';
import { demoOf, enter, sizes, states, themes } from './states.mjs';

const [url = 'http://127.0.0.1:8080', folder = 'shots'] = process.argv.slice(2);

await mkdir(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ],
});
const demo = await demoOf(url);
let failures = 0;
for (const [size, viewport] of Object.entries(sizes)) {
  for (const theme of themes) {
    for (const state of states) {
      const phone = size === 'phone';
      const context = await browser.newContext({
        viewport,
        colorScheme: theme,
        isMobile: phone,
        hasTouch: phone,
        deviceScaleFactor: phone ? 2 : 1,
        locale: 'en-GB',
      });
      try {
        const page = await enter(context, url, state, demo, true);
        await page.screenshot({ path: `${folder}/${state.name}-${size}-${theme}.png` });
      } catch (error) {
        failures += 1;
        console.error(`${state.name}, ${size}, ${theme}: ${error.message.split('\n')[0]}`);
      }
      await context.close();
    }
  }
}
await browser.close();
console.log(`${states.length * 4 - failures} pictures in ${folder}`);
process.exit(failures ? 1 : 0);
