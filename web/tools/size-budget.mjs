// What people load, against what they may: gzip of what a build has left in dist. A page's first load is
// what its index.html names and all that this imports; whoever opens a room at once loads the conversation, too.
// Texts are beside it, one file for each language. What is imported later is listed for the record.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './workspaces.mjs';

const KB = 1000;
const gzip = (paths) =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);

/** These modules and all that they import at once, without what they `import()`. */
function closure(entries) {
  const all = new Set();
  const add = (path) => {
    if (all.has(path)) return;
    all.add(path);
    const text = readFileSync(path, 'utf8');
    for (const [, name] of text.matchAll(/(?:\bfrom|\bimport)\s*["'`](\.[^"'`]+\.js)["'`]/g)) {
      add(join(dirname(path), name));
    }
  };
  entries.forEach(add);
  return [...all];
}

function page(dist) {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  // Not what it says to ask for early: that is of the conversation.
  const named = [
    ...html.matchAll(/<script[^>]+src="([^"]+\.(js))"|rel="stylesheet"[^>]+href="([^"]+\.(css))"/g),
  ].map((found) => {
    const [path, kind] = found.slice(1).filter(Boolean);
    const name = path.split('/assets/').pop();
    return { kind, path: [join(dist, 'assets', name), join(dist, path)].find(existsSync) };
  });
  const of = (kind) => named.filter((one) => one.kind === kind && one.path).map(({ path }) => path);
  return { js: closure(of('js')), css: of('css') };
}

/** Files of a build by name; there must be one. */
function chunks(dist, name) {
  const found = readdirSync(join(dist, 'assets')).filter((one) => name.test(one));
  if (found.length !== 1) throw new Error(`${found.length} files in ${dist} match ${name}`);
  return found.map((one) => join(dist, 'assets', one));
}

const checks = [];
const sdk = join(root, 'packages/sdk/dist');
if (!existsSync(join(sdk, 'index.js'))) throw new Error(`${sdk} is not there: npm run build`);
checks.push(['SDK', closure([join(sdk, 'index.js')]), 10 * KB]);
const chat = join(root, 'apps/chat/dist');
if (existsSync(join(root, 'apps/chat/package.json'))) {
  const { js, css } = page(chat);
  const room = closure([...js, ...chunks(chat, /^Conversation-.*\.js$/)]);
  const roomCss = [...css, ...chunks(chat, /^conversation-.*\.css$/)];
  checks.push(
    ['chat, JavaScript', js, 54 * KB],
    ['a room opened at once, JavaScript', room, 80 * KB],
    ['a room opened at once, CSS', roomCss, 12 * KB],
    ['texts in English', chunks(chat, /^en-.*\.js$/), 6 * KB],
  );
}

let failed = false;
for (const [name, paths, budget] of checks) {
  const size = gzip(paths);
  const isOver = size > budget || size === 0;
  failed ||= isOver;
  console.log(`${name}: ${size} of ${budget} bytes${isOver ? ' TOO MUCH' : ''}`);
}
for (const dist of [sdk, chat].filter(existsSync)) {
  const counted = new Set(checks.flatMap(([, paths]) => paths));
  for (const name of readdirSync(dist, { recursive: true })) {
    const path = join(dist, name);
    if (/\.(js|css)$/.test(name) && !counted.has(path)) {
      console.log(`  later: ${relative(root, path)} ${gzip([path])}`);
    }
  }
}
process.exit(failed ? 1 : 0);
