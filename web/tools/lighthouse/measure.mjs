// Lighthouse on the real server's own pages, as a phone on slow 4G sees them (Lighthouse's mobile default):
//   npm run lighthouse [-- --runs 3] [--url http://127.0.0.1:8080] [--reports FOLDER]
// Without --url it starts `orderchat demo` itself (ORDERCHAT_BIN, or target/debug/orderchat). Prints the
// median of the runs of each page; the exit status is 1 where one misses its promise.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import lighthouse from 'lighthouse';
import puppeteer from 'puppeteer-core';
import { startDemo } from '../demo.mjs';
import { demoOf } from '../states.mjs';

const PROMISE = { performance: 95, accessibility: 100, 'best-practices': 100 };
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    url: { type: 'string' },
    reports: { type: 'string' },
  },
});

/** One page in a browser of its own: nothing is in a cache. */
async function measured(url, path, user) {
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  try {
    const page = await browser.newPage();
    // Who one is lies in the tab's own storage, where the first page of the demo puts it.
    await page.goto(`${url}/app/config.json`);
    await page.evaluate((who) => sessionStorage.setItem('orderchat.demo-user', who), user);
    const result = await lighthouse(
      url + path,
      { onlyCategories: Object.keys(PROMISE), disableStorageReset: true, logLevel: 'error' },
      undefined,
      page,
    );
    return result.lhr;
  } finally {
    await browser.close();
  }
}

const score = (lhr, category) => Math.round(lhr.categories[category].score * 100);
const shown = (lhr, audit) => lhr.audits[audit].displayValue;

/** What keeps a category from its promise. */
function* faults(lhr) {
  for (const category of Object.keys(PROMISE)) {
    for (const { id, weight } of lhr.categories[category].auditRefs) {
      const { score: got, title, displayValue = '' } = lhr.audits[id];
      if (weight > 0 && got !== null && got < 0.9) yield `${category}: ${title} ${displayValue}`;
    }
  }
}

const server = values.url ? { url: values.url, stop() {} } : await startDemo();
let missed = false;
try {
  const { room, people } = await demoOf(server.url);
  const pages = [
    ['a chat', `/app/rooms/${room}`],
    ['the list', '/app/'],
  ];
  for (const [name, path] of pages) {
    const runs = [];
    for (let run = 0; run < Number(values.runs); run += 1) {
      runs.push(await measured(server.url, path, people.customer));
    }
    runs.sort((a, b) => score(a, 'performance') - score(b, 'performance'));
    const median = runs[runs.length >> 1];
    const scores = Object.keys(PROMISE).map((category) => score(median, category));
    missed ||= Object.values(PROMISE).some((least, at) => scores[at] < least);
    console.log(
      `${name}: ${scores.join(' / ')}; first paint ${shown(median, 'first-contentful-paint')}, ` +
        `largest ${shown(median, 'largest-contentful-paint')}, ` +
        `blocked ${shown(median, 'total-blocking-time')}, ` +
        `shift ${shown(median, 'cumulative-layout-shift')}, ` +
        `speed index ${shown(median, 'speed-index')}`,
    );
    if (values.reports) {
      await mkdir(values.reports, { recursive: true });
      const file = join(values.reports, `${name.replaceAll(' ', '-')}.json`);
      await writeFile(file, JSON.stringify(median, null, 2));
    }
    for (const fault of faults(median)) console.log(`  ${fault}`);
  }
} finally {
  await server.stop();
}
process.exit(missed ? 1 : 0);
