// The frames of `fixtures/frames`: recorded from a real server, and compared with what it says now. With
// RECORD=1 they are written anew.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { createClient } from '../src/index.js';
import { admin, aisha, mei, type Person, ravi, Server, tokenOf, until } from './server.js';

const folder = fileURLToPath(new URL('../fixtures/frames/', import.meta.url));

type Frame = Record<string, unknown>;

const frames = new Map<string, Frame>();

/** Of each sort the first one. */
function note(side: 'client' | 'server', data: unknown): void {
  const frame = JSON.parse(String(data)) as Frame;
  const sort = [side, frame.type];
  if (frame.type === 'event') sort.push(frame.kind);
  if (frame.type === 'hello' && frame.resume) sort.push('resume');
  if (frame.type === 'ok' && frame.message) sort.push('message');
  const name = sort.join('.');
  if (!frames.has(name)) frames.set(name, frame);
}

class Recorded extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol);
    this.on('message', (data) => note('server', data));
  }
  override send(data: string): void {
    note('client', data);
    super.send(data);
  }
}

async function play(): Promise<void> {
  const server = await Server.start();
  const clientOf = (person: Person, seconds = 3600) => {
    const getToken = () => tokenOf(person, seconds);
    const client = createClient({ url: server.url, getToken, WebSocket: Recorded });
    client.connect();
    return client;
  };
  const has = (name: string) => until(() => frames.has(name));
  const { room, order } = await server.order();
  const enter = async (person: Person) => {
    const client = clientOf(person);
    // Before any request: who was seen in the last five minutes does not come, for the others.
    await until(() => client.connection.value.status === 'online');
    const view = client.room(room);
    await until(() => view.value.capabilities && view.value.me);
    return [client, view] as const;
  };
  const [[hers, her], [ours, us]] = [await enter(aisha), await enter(mei)];
  const [his, him] = await enter(ravi);
  await has('server.presence');

  him.typing();
  await has('server.typing');
  her.send('Please ring twice.');
  const said = await until(() =>
    her.value.messages.find((one) => one.content.startsWith('Please')),
  );
  him.markRead(said.seq);
  await has('server.receipt');
  const plain = new Recorded(`${server.url.replace('http', 'ws')}/api/chat/ws/`, 'orderchat.v1');
  const say = (frame: Frame) => plain.send(JSON.stringify(frame));
  await new Promise((resolve) => plain.once('open', resolve));
  say({ type: 'hello', ref: 'h', token: tokenOf(aisha) });
  say({ type: 'auth', ref: 'a', token: tokenOf(aisha) });
  say({ type: 'edit', ref: 'e', message: said.id, content: 'Please ring once.' });
  await has('server.event.message.edited');
  say({ type: 'delete', ref: 'd', message: said.id });
  await has('server.event.message.deleted');
  say({ type: 'dance', ref: 'x' });
  await has('server.error');
  say({ type: 'subscribe', ref: 's', room, after: 9_999 });
  await has('server.resync');
  frames.delete('client.dance');

  await server.report(order, { number: '1042', status: 'picked_up' });
  await has('server.event.order.updated');
  const me = her.value.me!.id;
  await us.mute(me, 'caps lock', 600);
  await has('server.capabilities');
  await us.unmute(me);
  await her.setPreferences({ sound: false });
  await us.update({ title: 'Antibiotics' });
  await us.closeRoom('done');
  await us.reopen();
  await server.ask(admin, 'POST', `/api/chat/participants/${me}/block/`, { reason: 'abuse' });
  await server.ask(admin, 'POST', `/api/chat/participants/${me}/unblock/`, {});
  await server.ask(admin, 'POST', `/api/chat/rooms/${room}/participants/`, { user: aisha.sub });
  await has('server.event.participant.joined');
  await has('server.event.participant.unblocked');
  await has('server.room_summary');
  his.disconnect();
  his.connect();
  await has('client.hello.resume');
  await server.report(order, { rider: null });
  await has('server.event.participant.ended');
  us.close();
  await has('client.unsubscribe');
  await server.ask(admin, 'POST', `/api/chat/rooms/${room}/archive/`, {});
  await has('server.event.room.archived');
  await server.ask(admin, 'DELETE', `/api/chat/rooms/${room}/`);
  await has('server.event.room.deleted');
  await has('server.pong');
  await server.revoke(aisha);
  await has('server.bye');
  plain.terminate();
  for (const client of [hers, his, ours]) await client.close();
  await server.stop();
}

/** Ids, times and tokens are others each time. */
function neutral(frame: Frame): Frame {
  const ids = new Map<string, string>();
  const id = (found: string) => {
    const number = String(ids.get(found) ?? ids.size + 1).padStart(12, '0');
    if (!ids.has(found)) ids.set(found, number);
    return `00000000-0000-7000-8000-${ids.get(found)}`;
  };
  const text = JSON.stringify(frame)
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, id)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-11-29T09:00:00.000Z')
    .replace(/eyJ[\w.-]+/g, '<token>')
    .replace(/"(epoch|client_message_id)":"\w{16,}"/g, '"$1":"0123456789abcdef0123456789abcdef"')
    .replace(/CHAT-\w{4}-\w{4}/g, 'CHAT-7K3M-9QXD')
    .replace(/order-1042-\w{8}/g, 'order-1042')
    .replace(/"ref":"\d+"/g, '"ref":"1"');
  return JSON.parse(text) as Frame;
}

/** The names in a frame: its own, and those of the object that it carries. */
function namesIn({ data, message, problem, capabilities, ...frame }: Frame): string[] {
  const carried = data ? Object.values(data)[0] : (message ?? problem ?? capabilities);
  return [...Object.keys(frame), ...Object.keys(carried ?? {})].sort();
}

test('every sort of frame is recorded, and looks as it did', async () => {
  await play();
  if (process.env.RECORD) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const [name, frame] of frames) {
      await writeFile(`${folder}${name}.json`, `${JSON.stringify(neutral(frame), null, 2)}\n`);
    }
  }
  const names = (await readdir(folder)).map((name) => name.replace('.json', ''));
  expect(names.sort()).toEqual([...frames.keys()].sort());
  for (const name of names) {
    const recorded = JSON.parse(await readFile(`${folder}${name}.json`, 'utf8')) as Frame;
    expect({ name, names: namesIn(frames.get(name)!) }).toEqual({ name, names: namesIn(recorded) });
  }
});
