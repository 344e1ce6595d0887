// A real server of one's own: a binary, a fresh folder, and tokens for whoever is needed.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SECRET = 'a secret of at least thirty-two bytes';
const BUILT = fileURLToPath(new URL('../../../../target/debug/orderchat', import.meta.url));

/** Whom a token is for. */
export interface Person {
  sub: string;
  role: string;
  name?: string;
  pharmacy?: string;
}

export const aisha: Person = { sub: 'aisha', role: 'customer', name: 'Aisha Rahman' };
export const ravi: Person = { sub: 'ravi', role: 'rider', name: 'Ravi Menon' };
export const mei: Person = {
  sub: 'mei',
  role: 'pharmacy',
  name: 'Mei Tanaka',
  pharmacy: 'marigold',
};
export const admin: Person = { sub: 'ada', role: 'admin', name: 'Ada Admin' };
const shop: Person = { sub: 'shop', role: 'service' };

export function binary(): string {
  const path = process.env.ORDERCHAT_BIN ?? BUILT;
  if (!existsSync(path)) {
    throw new Error(`${path} is not there: cargo build, or name a binary in ORDERCHAT_BIN`);
  }
  return path;
}

/** A token; `seconds` is how long it lives. */
export function tokenOf(person: Person, seconds = 3600): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...person, iss: 'orderchat', aud: 'orderchat', iat: now, exp: now + seconds };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Server {
  #process: ChildProcess | null = null;
  #log = '';

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly metricsPort: number,
    private readonly settings: Record<string, string>,
  ) {}

  /** A server on a fresh database that answers. */
  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'orderchat-sdk-'));
    const server = new Server(folder, await freePort(), await freePort(), settings);
    await server.run();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Where a process of the server runs, and with which settings. */
  get #place() {
    const env = {
      PATH: process.env.PATH,
      RUST_LOG: 'warn',
      ORDERCHAT_LISTEN: `127.0.0.1:${this.port}`,
      ORDERCHAT_METRICS_LISTEN: `127.0.0.1:${this.metricsPort}`,
      ORDERCHAT_DATABASE: `sqlite:${join(this.folder, 'chat.db')}`,
      ORDERCHAT_AUTH_SECRET: SECRET,
      ORDERCHAT_RATE_LIMITS: 'off',
      ...this.settings,
    };
    return { cwd: this.folder, env };
  }

  /** Runs on the same port and database as before. */
  async run(): Promise<void> {
    const child = spawn(binary(), ['serve'], {
      ...this.#place,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (this.#log = (this.#log + text.toString()).slice(-8000)));
    }
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the server ended:\n${this.#log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      return answer?.ok;
    }, 20_000);
  }

  /** Copies everything, as an operator does. What it gives sets the server back to that. */
  async backup(): Promise<() => Promise<void>> {
    const copy = join(this.folder, randomUUID());
    await promisify(execFile)(binary(), ['backup', copy], this.#place);
    return async () => {
      await this.kill('SIGTERM');
      await promisify(execFile)(binary(), ['restore', copy, '--overwrite'], this.#place);
      await this.run();
    };
  }

  /** As a crash: nothing is finished, nobody is told. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A request by somebody, as JSON; throws what was refused. */
  async ask<T = never>(person: Person, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${tokenOf(person)}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** An order with a customer, a pharmacy and a rider, whose room is open; its id and the room's. */
  async order(number = '1042', fields: object = {}): Promise<{ order: string; room: string }> {
    const order = `order-${number}-${randomUUID().slice(0, 8)}`;
    await this.report(order, { number, ...fields });
    const { results } = await this.ask<{ results: { id: string }[] }>(
      admin,
      'GET',
      `/api/chat/rooms/?scope=all&order=${order}`,
    );
    return { order, room: results[0]!.id };
  }

  report(order: string, fields: object): Promise<unknown> {
    return this.ask(shop, 'PUT', `/api/orders/${order}/`, {
      status: 'accepted',
      customer: { id: aisha.sub, name: aisha.name },
      pharmacy: {
        id: mei.pharmacy,
        name: 'Marigold Lane',
        staff: [{ id: mei.sub, name: mei.name }],
      },
      rider: { id: ravi.sub, name: ravi.name },
      ...fields,
    });
  }

  revoke(person: Person): Promise<unknown> {
    return this.ask(shop, 'POST', `/api/users/${person.sub}/revoke/`, {});
  }
}

/** Waits for something to become true, and tells what was there when it did not. */
export async function until<T>(
  condition: () => T | Promise<T>,
  milliseconds = 10_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
