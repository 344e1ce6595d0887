// A type check that finds nothing may have looked at nothing: one wrong setting silences all of it. So
// a mistake is planted in each package, and its check must name it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, workspaces } from './workspaces.mjs';

const MISTAKE = "export const wrong: number = 'a text';\n";
const hasSvelte = (folder) =>
  readdirSync(folder, { recursive: true }).some((name) => name.endsWith('.svelte'));

let failed = false;
for (const { folder, manifest } of workspaces) {
  if (!manifest.scripts?.check) continue;
  const source = [join(root, folder, 'src'), join(root, folder)].find(existsSync);
  const planted = [[join(source, 'canary.ts'), MISTAKE]];
  if (hasSvelte(source)) {
    planted.push([join(source, 'Canary.svelte'), `<script lang="ts">\n  ${MISTAKE}</script>\n`]);
  }
  try {
    for (const [path, text] of planted) writeFileSync(path, text);
    const { status, stdout, stderr } = spawnSync('npm', ['run', 'check', '--workspace', folder], {
      cwd: root,
      encoding: 'utf8',
    });
    for (const [path] of planted) {
      const name = path.split('/').pop();
      const isCaught = status !== 0 && (stdout + stderr).includes(name);
      if (!isCaught) failed = true;
      console.log(`${folder}: the mistake in ${name} was ${isCaught ? '' : 'NOT '}caught`);
    }
  } finally {
    for (const [path] of planted) rmSync(path, { force: true });
  }
}
process.exit(failed ? 1 : 0);
