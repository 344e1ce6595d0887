// Long conversations and much at once.
import WebSocket from 'ws';
import { tokenOf } from '../packages/sdk/tests/server.js';
import {
  aisha,
  composer,
  expect,
  message,
  type Page,
  ravi,
  type Server,
  settled,
  test,
} from './fixtures.js';

/** So many are under way at once: the server writes them together. */
const UNDER_WAY = 200;

/** Says so many things over one connection, without waiting for each answer. */
async function sayMany(
  server: Server,
  room: string,
  count: number,
  name: string,
  perSecond = Infinity,
): Promise<void> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/chat/ws/`, 'orderchat.v1');
  await new Promise((resolve) => socket.once('open', resolve));
  const words = 'the quick brown rider jumps over the lazy pharmacy door and rings twice'.split(
    ' ',
  );
  let [sent, answered] = [0, 0];
  await new Promise<void>((done, failed) => {
    const start = Date.now();
    const isDue = () => sent < ((Date.now() - start) / 1000) * perSecond + 1;
    const more = () => {
      while (sent < count && sent - answered < UNDER_WAY) {
        if (!isDue()) return void setTimeout(more, 10);
        sent += 1;
        const content = `${name} ${sent}: ${words.slice(0, 1 + (sent % words.length)).join(' ')}`;
        socket.send(JSON.stringify({ type: 'send', ref: `${sent}`, room, content }));
      }
    };
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { type: string; message?: object };
      if (frame.type === 'welcome') more();
      if (frame.type === 'error') failed(new Error(String(data)));
      if (frame.type !== 'ok' || !frame.message) return;
      answered += 1;
      if (answered === count) done();
      else more();
    });
    socket.send(JSON.stringify({ type: 'hello', token: tokenOf(ravi) }));
  });
  socket.close();
}

/**
 * The limits of UX.md are those of a machine that does nothing else. Tracing costs, too, and where two
 * browsers and a debug server share two cores, each finds its caches cold: STRICT=1 measures the promise.
 */
const ALLOWED = process.env.STRICT ? 1 : 3;
/** How long it is scrolled. */
const SCROLL_MS = process.env.STRICT ? 12_000 : 5_000;

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

/**
 * The longest task of the page's main thread while `run` runs, in milliseconds of processor time: how
 * long a frame has to wait for us, whatever else the machine does meanwhile. And the most rows there were.
 */
async function watched(
  page: Page,
  run: () => Promise<unknown>,
): Promise<{ task: number; rows: number }> {
  const browser = page.context().browser()!;
  await page.evaluate(() => {
    const worst = { rows: 0 };
    Object.assign(window, { worst });
    const look = () => {
      worst.rows = Math.max(worst.rows, document.querySelectorAll('[role=log] [data-row]').length);
      requestAnimationFrame(look);
    };
    look();
  });
  await browser.startTracing(page, {
    categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', '__metadata'],
  });
  await run();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const events = trace.traceEvents;
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter(
    ({ name, pid, tid, tdur }) =>
      name === 'RunTask' && tdur !== undefined && mains.has(`${pid} ${tid}`),
  );
  expect(tasks.length).toBeGreaterThan(100);
  const task = tasks.reduce((most, { tdur }) => Math.max(most, tdur! / 1000), 0);
  const rows = await page.evaluate(
    () => (window as unknown as { worst: { rows: number } }).worst.rows,
  );
  const description = `longest task ${task.toFixed(1)} ms, at most ${rows} rows`;
  test.info().annotations.push({ type: 'measured', description });
  console.log(`${test.info().title}: ${description}`);
  return { task, rows };
}

test('T8 T9: 10,000 messages scrolled: few rows, no jump', async ({ open, order, server }) => {
  test.setTimeout(150_000);
  const { room } = await order();
  await sayMany(server, room, 10_000, 'line');
  // Read, so that it opens at the end.
  await server.ask(aisha, 'POST', `/api/chat/rooms/${room}/read/`, {});
  const page = await open(aisha, room);
  await expect(page.getByRole('log')).toContainText('line 10000:');
  let back = 0;
  const { task, rows } = await watched(page, async () => {
    back = await page.evaluate(async (milliseconds) => {
      const log = document.querySelector<HTMLElement>('[role=log]')!;
      const first = () =>
        Number(log.querySelector<HTMLElement>('[data-seq]')?.dataset.seq ?? Infinity);
      const start = first();
      const end = performance.now() + milliseconds;
      while (performance.now() < end && first() > 100) {
        log.scrollTop -= 600;
        await new Promise(requestAnimationFrame);
      }
      return start - first();
    }, SCROLL_MS);
  });
  expect(back).toBeGreaterThan(200);
  expect(rows).toBeLessThan(60);
  expect(task).toBeLessThan(50 * ALLOWED);
});

test('P2: 1,000 events in five seconds in an open room: none is lost', async ({
  open,
  order,
  server,
}) => {
  const { room } = await order();
  await sayMany(server, room, 5, 'before');
  const page = await open(aisha, room);
  await page.getByRole('log').evaluate((log) => (log.scrollTop = log.scrollHeight));
  const { task, rows } = await watched(page, async () => {
    await sayMany(server, room, 1_000, 'burst', 200);
    await expect(page.getByRole('log')).toContainText('burst 1000:', { timeout: 30_000 });
  });
  expect(rows).toBeLessThan(60);
  expect(task).toBeLessThan(100 * ALLOWED);
});

/** How much slower a phone is than this machine. */
const SLOWER = 4;

test('P1: at a quarter of the speed, what Enter does is drawn within 100 ms', async ({ chat }) => {
  const { page } = await chat();
  await page.evaluate(() => {
    const slow: number[] = [];
    Object.assign(window, { slow });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        if (entry.name === 'keydown') slow.push(entry.duration);
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const say = async (text: string) => {
    await composer(page).fill(text);
    await composer(page).press('Enter');
    await expect(message(page, text)).toBeVisible();
  };
  // The first one loads code.
  await say('Quick 0');
  const { task } = await watched(page, async () => {
    for (let turn = 1; turn <= 6; turn += 1) await say(`Quick ${turn}`);
  });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  const slow = await page.evaluate(() => (window as unknown as { slow: number[] }).slow);
  const description = `keys drawn within ${slow.join(', ')} ms`;
  console.log(`${test.info().title}: ${description}`);
  // What the key does and the frame that shows it, in processor time: what else the machine does is not ours.
  expect(task).toBeLessThan(100 * ALLOWED);
  // By the clock, too: as promised where the machine does nothing else, and nowhere as if it waited for the
  // server or a disk.
  const worst = slow.sort((a, b) => a - b).at(-2) ?? 0;
  expect(worst).toBeLessThan(process.env.STRICT ? 100 : 1_000);
});

test('T9: conversations that are opened and left again leave nothing behind', async ({
  enter,
  order,
  server,
}) => {
  const rooms = [await order('951'), await order('952')];
  for (const { room } of rooms) await sayMany(server, room, 150, 'line');
  const page = await enter(aisha, `/app/rooms/${rooms[0]!.room}`);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const turn = async (times: number) => {
    for (let at = 0; at < times; at += 1) {
      const { room } = rooms[at % 2]!;
      await page.locator(`#rooms [data-room="${room}"]`).click();
      await expect(page).toHaveURL(new RegExp(room));
      await settled(page);
    }
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((one) => one.name === name)!.value;
    return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') };
  };
  // What is made once is made by then.
  const before = await turn(6);
  const after = await turn(20);
  console.log(`${test.info().title}: ${JSON.stringify({ before, after })}`);
  expect(after.heap).toBeLessThan(before.heap * 1.25);
  expect(after.nodes).toBeLessThan(before.nodes * 1.25);
  expect(after.listeners).toBeLessThan(before.listeners * 1.25);
});
