// The chat of the README, run as it stands there.
import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { aisha, ravi, Server, tokenOf, until } from './server.js';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const program = path('.readme-chat.mjs');

afterAll(() => rm(program, { force: true }));

test('the chat in ten lines has ten lines, and chats', async () => {
  const readme = await readFile(path('README.md'), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  expect(code.trim().split('\n')).toHaveLength(10);
  await writeFile(program, code);

  const server = await Server.start();
  const { room } = await server.order();
  const env = { ...process.env, URL: server.url, TOKEN: tokenOf(aisha), ROOM: room };
  const chat = spawn(process.execPath, [program], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  chat.stdout.on('data', (text: Buffer) => (shown += text.toString()));
  try {
    chat.stdin.write('Hello from the README\n');
    const messages = `/api/chat/rooms/${room}/messages/`;
    await until(async () => {
      const page = await server.ask<{ results: { content: string }[] }>(ravi, 'GET', messages);
      return page.results.some(({ content }) => content === 'Hello from the README');
    });
    await server.ask(ravi, 'POST', messages, { content: 'Hello back' });
    await until(() => shown.includes('Hello back'));
    expect(chat.exitCode).toBeNull();
  } finally {
    chat.kill();
    await server.stop();
  }
});
