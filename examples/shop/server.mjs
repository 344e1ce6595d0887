// A shop's own site with the chat in it: its backend signs tokens, its page shows the chat in a frame.
// Node 20 and nothing else. What it needs to know comes from the environment:
//   ORDERCHAT_AUTH_SECRET  the secret that the chat server has, too
//   ORDERCHAT_URL          where the chat server is reached (http://127.0.0.1:8080)
//   PORT                   of this site (8000)
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const secret = process.env.ORDERCHAT_AUTH_SECRET;
const chat = new URL(process.env.ORDERCHAT_URL ?? 'http://127.0.0.1:8080').origin;
const port = Number(process.env.PORT ?? 8000);
if (!secret) {
  console.error('ORDERCHAT_AUTH_SECRET is not set: give it the secret that the chat server has, no new one');
  process.exit(1);
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token (JWT, HS256) for somebody whom the shop knows, good for a quarter of an hour. */
function token(user, role, more = {}) {
  const now = Math.floor(Date.now() / 1000);
  const lasts = { iss: 'orderchat', aud: 'orderchat', iat: now, exp: now + 900 };
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: user, role, ...more, ...lasts })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Who is signed in at the shop. Here everybody is Aisha; a shop looks at its own session. */
const signedIn = () => ({ user: 'aisha', role: 'customer', name: 'Aisha Rahman' });

/** Tells the chat server of an order, as the shop's backend does after every change. */
async function report(id, order) {
  const answer = await fetch(`${chat}/api/orders/${encodeURIComponent(id)}/`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token('shop', 'service')}`, 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

const file = (name) => readFileSync(new URL(name, import.meta.url));
const routes = {
  '/': ['text/html; charset=utf-8', () => file('index.html').toString().replaceAll('{chat}', chat)],
  '/favicon.ico': ['image/svg+xml', () => '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  '/shop.css': ['text/css', () => file('shop.css')],
  '/shop.js': ['text/javascript', () => file('shop.js')],
  '/chat-token': ['application/json', () => {
    const { user, role, name } = signedIn();
    return JSON.stringify({ token: token(user, role, { name }) });
  }],
};

await report('A-1', {
  number: '1042',
  status: 'picked_up',
  customer: { id: 'aisha', name: 'Aisha Rahman' },
  pharmacy: { id: 'marigold', name: 'Marigold Lane Pharmacy', staff: [{ id: 'mei', name: 'Mei Tanaka' }] },
  rider: { id: 'ravi', name: 'Ravi Menon' },
});
createServer((request, answer) => {
  const [kind, content] = routes[new URL(request.url, 'http://shop').pathname] ?? [];
  if (!kind) return answer.writeHead(404).end();
  // A strict policy of the shop's needs one line for the chat: frame-src.
  const policy = `default-src 'self'; frame-src ${chat}`;
  answer.writeHead(200, { 'content-type': kind, 'cache-control': 'no-store', 'content-security-policy': policy });
  answer.end(content());
}).listen(port, '127.0.0.1', function () {
  console.log(`the shop is at http://127.0.0.1:${this.address().port}`);
});
