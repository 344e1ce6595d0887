// Each line of the checklist has a test whose title begins with its id, or an exception with its reason in
// README.md: at most five, and none where people read, write and find their way.
//   node tools/checklist.mjs [--table]
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './workspaces.mjs';

/** The checklist: of what it speaks, and how many lines that has. */
const LINES = {
  L: ['Layout', 8],
  T: ['Timeline', 15],
  C: ['Composer', 10],
  R: ['Delivery and presence', 8],
  U: ['Files', 6],
  S: ['Search', 2],
  K: ['Keyboard', 4],
  A: ['Accessibility', 7],
  E: ['States', 4],
  O: ['Offline and resync', 5],
  I: ['Language and time', 3],
  V: ['Look', 2],
  P: ['Performance', 2],
};
const ALWAYS = 'LTCRA';
const MOST_EXCEPTIONS = 5;

const ids = Object.entries(LINES).flatMap(([letter, [, count]]) =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
);

/** `test('T6 T8 @both: …')` and the like; those that are skipped prove nothing. */
const TITLE = /\b(?:test|it)\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;
const HEAD = /^((?:[A-Z]\d+[ ,]*)+)(?:@\w+ *)*:/;

function tests(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'test-results'].includes(entry.name) ? [] : tests(path);
    if (!/\.(?:test|contract|e2e)\.ts$/.test(entry.name)) return [];
    return [...readFileSync(path, 'utf8').matchAll(TITLE)].map((found) => ({
      file: relative(root, path),
      title: found[2],
      ids: HEAD.exec(found[2])?.[1].match(/[A-Z]\d+/g) ?? [],
    }));
  });
}

/** Rows of the README's table of exceptions: id, what is not so, why. */
function exceptions() {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const [, part = ''] = text.split(/^## Exceptions of the checklist$/m);
  const [table] = part.split(/^## /m);
  return [...table.matchAll(/^\| ([A-Z]\d+) +\|([^|]*)\|([^|]*)\|$/gm)].map(
    ([, id, what, why]) => ({ id, what: what.trim(), why: why.trim() }),
  );
}

const found = ['packages', 'apps', 'e2e'].flatMap((folder) => tests(join(root, folder)));
const excepted = exceptions();
const has = (id) => found.some((one) => one.ids.includes(id));

const wrong = [
  ...ids
    .filter((id) => !has(id) && !excepted.some((one) => one.id === id))
    .map((id) => `${id} has neither a test nor an exception`),
  ...found.flatMap(({ file, title, ids: named }) =>
    named.filter((id) => !ids.includes(id)).map((id) => `${id} is no line: ${file}, ${title}`),
  ),
  ...excepted
    .filter(({ id, what, why }) => !ids.includes(id) || !what || !why || ALWAYS.includes(id[0]))
    .map(({ id }) => `${id} cannot be excepted, or says not what and why`),
];
if (excepted.length > MOST_EXCEPTIONS)
  wrong.push(`${excepted.length} exceptions; ${MOST_EXCEPTIONS} are allowed`);

if (process.argv.includes('--table')) {
  for (const [letter, [name]] of Object.entries(LINES)) {
    console.log(`\n${name}`);
    for (const id of ids.filter((one) => one.startsWith(letter))) {
      const rows = found.filter((one) => one.ids.includes(id));
      for (const { file, title } of rows) console.log(`  ${id}  ${file}  ${title}`);
      for (const { why } of excepted.filter((one) => one.id === id))
        console.log(`  ${id}  exception: ${why}`);
      if (rows.length === 0 && !excepted.some((one) => one.id === id)) console.log(`  ${id}  —`);
    }
  }
}
for (const line of wrong) console.error(line);
console.log(`checklist: ${ids.filter(has).length} of ${ids.length} lines have tests`);
process.exit(wrong.length > 0 ? 1 : 0);
