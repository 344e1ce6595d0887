// What was recorded from a real server is what asyncapi.json says, and what the SDK takes.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { createClient, type ServerFrame } from '../src/index.js';
import { memoryStorage } from '../src/storage.js';
import { FakeClock, FakeSocket, settled } from './fakes.js';

const read = (path: string) =>
  JSON.parse(readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8'));
const folder = '../fixtures/frames/';
const names = readdirSync(fileURLToPath(new URL(folder, import.meta.url)));
const frames = names.map((name) => [name, read(folder + name)] as const);
const asyncapi = read('../../../../asyncapi.json');

const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(asyncapi, 'asyncapi');

test.each(frames)('%s is as asyncapi.json says', (name, frame) => {
  const key = `${name.split('.')[0]}.${frame.type}`;
  const validate = ajv.getSchema(`asyncapi#/components/messages/${key}/payload`)!;
  expect({ valid: validate(frame), errors: validate.errors }).toEqual({
    valid: true,
    errors: null,
  });
});

test('the SDK takes every frame, and those that it does not know', async () => {
  const client = createClient({
    url: 'http://server',
    getToken: () => 'token',
    WebSocket: FakeSocket,
    clock: new FakeClock(),
    storage: memoryStorage(),
    fetch: () => Promise.reject(new TypeError('no network')),
  });
  client.connect();
  await settled();
  const heard: string[] = [];
  const server = frames.filter(([name]) => name.startsWith('server.'));
  for (const type of new Set(server.map(([, frame]) => frame.type as ServerFrame['type']))) {
    client.onFrame(type, () => heard.push(type));
  }
  FakeSocket.last.open();
  FakeSocket.last.say(server.find(([name]) => name === 'server.welcome.json')![1]);
  for (const [, frame] of server) FakeSocket.last.say(frame);
  FakeSocket.last.say({ type: 'to_come' } as unknown as ServerFrame);
  expect(heard).toHaveLength(server.length + 1);
  expect(client.connection.value.status).toBe('online');
  await client.close();
});
