import type { RoomView } from '@orderchat/sdk';
import { takesPart } from '@orderchat/sdk/view';

/** The demo's own routes: its orders, and what their shop reports. Only `orderchat demo` has them. */
export interface Person {
  user: string;
  name: string;
  role: string;
}

export interface DemoOrder {
  order: string;
  number: string;
  room: string | null;
  room_title: string | null;
  status: string;
  delivery_status: string | null;
  people: Person[];
}

/** What the shop knows of an order. */
interface ShopOrder {
  status: string;
  rider: { id: string; name: string } | null;
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`/api/demo/${path}`, {
    ...(body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
  });
  const data = (await answer.json()) as T & { detail?: string };
  if (!answer.ok) throw new Error(data.detail ?? `The demo answered ${answer.status}`);
  return data;
}

export const orders = async () => (await ask<{ orders: DemoOrder[] }>('')).orders;
export const reportNext = (order: string) =>
  ask<ShopOrder>(`orders/${encodeURIComponent(order)}/next/`, {});
export const handOver = (order: string) =>
  ask<ShopOrder>(`orders/${encodeURIComponent(order)}/hand-over/`, {});
/** What was said before one stepped in is no news: the chat opens at what is said now. */
export async function readAll(room: string, token: string): Promise<void> {
  const path = `/api/chat/rooms/${room}/`;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(path, { headers });
  if (!answer.ok || !takesPart((await answer.json()) as RoomView)) return;
  await fetch(`${path}read/`, { method: 'POST', headers });
}
export const tokenOf = async (user: string) =>
  (await ask<{ token: string }>('token/', { user })).token;
