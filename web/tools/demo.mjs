// A demo of one's own: orders of every sort, with people who talk.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { demoOf } from './states.mjs';
import { root } from './workspaces.mjs';

const PATIENCE_MS = 40_000;
/** So long it may take to end by itself. */
const GOES_MS = 15_000;

/** A port that nothing listens on now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs `orderchat demo` (ORDERCHAT_BIN, else the debug build) until `stop`, once it has what is looked at. */
export async function startDemo() {
  const folder = await mkdtemp(join(tmpdir(), 'orderchat-demo-'));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    process.env.ORDERCHAT_BIN ?? join(root, '../target/debug/orderchat'),
    ['demo'],
    {
      cwd: folder,
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        ORDERCHAT_LISTEN: address,
        ORDERCHAT_METRICS_LISTEN: `127.0.0.1:${await freePort()}`,
        ORDERCHAT_RATE_LIMITS: 'off',
      },
    },
  );
  process.once('exit', () => child.kill());
  let failure = null;
  child.on('error', (error) => (failure = error));
  child.on('exit', (code) => (failure ??= new Error(`the demo ended with ${code}`)));
  const url = `http://${address}`;
  const end = Date.now() + PATIENCE_MS;
  // A conversation that is over is looked at, too.
  const isReady = () =>
    demoOf(url).then(
      () => true,
      () => false,
    );
  while (!(await isReady())) {
    if (failure) throw failure;
    if (Date.now() > end) throw new Error(`${url} has no closed room yet`);
    await pause(200);
  }
  return {
    url,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        // Asked first: it takes its folder of data along.
        child.kill();
        const late = setTimeout(() => child.kill('SIGKILL'), GOES_MS);
        await ended;
        clearTimeout(late);
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
