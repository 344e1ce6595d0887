// A demo of one's own: orders of every sort, with people who talk.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, until } from '../packages/sdk/tests/server.js';

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Demo {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<Demo> {
    const folder = await mkdtemp(join(tmpdir(), 'orderchat-demo-'));
    const url = `http://127.0.0.1:${await freePort()}`;
    const child = spawn(binary(), ['demo'], {
      cwd: folder,
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        ORDERCHAT_LISTEN: url.replace('http://', ''),
        ORDERCHAT_METRICS_LISTEN: `127.0.0.1:${await freePort()}`,
        ORDERCHAT_RATE_LIMITS: 'off',
      },
    });
    const orders = async () => {
      const answer = await fetch(`${url}/api/demo/`).catch(() => null);
      return answer?.ok && ((await answer.json()) as { orders: { status: string }[] }).orders;
    };
    // One whose conversation is over is looked at, too.
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the demo ended: ${child.exitCode}`);
      const all = await orders();
      return all && all.some(({ status }) => status === 'delivered');
    }, 40_000);
    return new Demo(url, folder, child);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
