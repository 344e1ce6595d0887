// Pictures of twelve states in two themes, to be looked at:
//   node tools/shots.mjs [folder] [URL of a running `orderchat demo`] [sizes, such as phone,wide]
// Without a URL it runs a demo of its own.
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright';
import { startDemo } from './demo.mjs';
import { demoOf, enter, sizes, states, themes } from './states.mjs';

const [folder = 'shots', given, wanted = 'phone,desktop'] = process.argv.slice(2);

async function picture(browser, url, demo, state, size, theme) {
  const phone = size === 'phone';
  const context = await browser.newContext({
    viewport: sizes[size],
    colorScheme: theme,
    isMobile: phone,
    hasTouch: phone,
    deviceScaleFactor: phone ? 2 : 1,
    locale: 'en-GB',
  });
  try {
    const page = await enter(context, url, state, demo, true);
    await page.screenshot({ path: `${folder}/${state.name}-${size}-${theme}.png` });
    return 1;
  } catch (error) {
    console.error(`${state.name}, ${size}, ${theme}: ${error.message.split('\n')[0]}`);
    return 0;
  } finally {
    await context.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
await mkdir(folder, { recursive: true });
const own = given ? null : await startDemo();
const url = given || own.url;
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
let [made, all] = [0, 0];
try {
  const demo = await demoOf(url);
  for (const size of wanted.split(','))
    for (const theme of themes)
      for (const state of states) {
        all += 1;
        made += await picture(browser, url, demo, state, size, theme);
      }
} finally {
  await browser.close();
  await own?.stop();
}
console.log(`${made} of ${all} pictures in ${folder}`);
process.exit(made === all ? 0 : 1);
