// The states of the chat pages that are looked at: how one comes there from a fresh page.
// Used by `make shots` and wherever all states are to be gone through.

const room = (demo, query = '') => `/app/rooms/${demo.room}${query}`;
const timeline = '[role=log][data-settled="true"]';

/** A card of what the order did is a row, too, and has no menu. */
const lastMessage = (page) => page.locator('[role=log] article[data-message]').last();

async function openMenu(page) {
  await lastMessage(page).focus();
  await page.keyboard.press('Enter');
}

/**
 * `as`: whose eyes (a role of the order's people, null: nobody, the demo's page); `ready`: what is there once
 * the page is; `go`: what is done then; `shows`: what the state is about, where that is something else.
 */
const described = [
  {
    name: 'demo',
    as: null,
    path: () => '/',
    ready: 'iframe',
    wait: 2500,
    async go(page) {
      // The views of two people are open at first; on a phone, of one.
      const views = await page.locator('iframe').count();
      for (let at = 0; at < views; at += 1)
        await page.frameLocator('iframe').nth(at).locator(timeline).waitFor();
    },
  },
  { name: 'rooms', as: 'support', path: () => '/app/', ready: '#rooms li' },
  { name: 'conversation', as: 'customer', path: (demo) => room(demo), ready: timeline },
  {
    name: 'writing',
    as: 'rider',
    path: (demo) => room(demo),
    ready: timeline,
    async go(page) {
      await lastMessage(page).focus();
      await page.keyboard.press('r');
      await page
        .locator('[data-composer]')
        .first()
        .fill('At the door in *two minutes*.\n- ring twice\n- code `4711#`');
    },
    shows: '[data-composer]',
  },
  {
    name: 'message-menu',
    as: 'customer',
    path: (demo) => room(demo),
    ready: timeline,
    go: openMenu,
    shows: '[role=menu] [role=menuitem]',
  },
  { name: 'order', as: 'customer', path: (demo) => room(demo, '?pane=order'), ready: 'aside ol' },
  { name: 'people', as: 'admin', path: (demo) => room(demo, '?pane=people'), ready: 'aside li' },
  {
    name: 'timeline',
    as: 'pharmacy',
    path: (demo) => room(demo, '?pane=timeline'),
    ready: 'aside li time',
  },
  {
    name: 'search',
    as: 'support',
    path: (demo) => room(demo, '?pane=search'),
    ready: 'aside input',
    async go(page) {
      await page.locator('aside input[type=search]').fill('the');
    },
    shows: 'aside .hit',
  },
  {
    name: 'dialog',
    as: 'admin',
    path: (demo) => room(demo, '?pane=people'),
    ready: 'aside li',
    async go(page) {
      await page.locator('aside li button').first().click();
      await page.locator('[role=menuitem]').filter({ hasText: 'Mute' }).click();
    },
    shows: 'dialog[open]',
  },
  {
    name: 'closed',
    as: 'customer',
    path: (demo) => `/app/rooms/${demo.closed}`,
    ready: '[data-closed]',
  },
  {
    name: 'offline',
    as: 'customer',
    path: (demo) => room(demo),
    ready: timeline,
    async go(page, context) {
      // A connection that stands outlives the network's end: what is written would be sent, and be in
      // every picture after this one.
      let away = false;
      const sockets = [];
      await page.routeWebSocket(/./, (socket) => {
        sockets.push(socket);
        return away ? socket.close() : void socket.connectToServer();
      });
      await page.reload();
      await page.locator(timeline).waitFor();
      await page.locator('#rooms li').first().waitFor({ state: 'attached' });
      away = true;
      await context.setOffline(true);
      for (const socket of sockets) await socket.close();
      await page.locator('[data-composer]').first().fill('Are you there?');
      await page.locator('button[type=submit]').first().click();
    },
    shows: '[data-offline]',
  },
];
export const states = described.map((state) => ({ shows: state.ready, ...state }));

export const sizes = {
  phone: { width: 390, height: 844 },
  tablet: { width: 768, height: 1024 },
  desktop: { width: 1280, height: 800 },
  wide: { width: 1920, height: 1080 },
};
export const themes = ['light', 'dark'];

/** The rooms that are closed, as support sees them. */
async function closedOf(url, user) {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ user });
  const answer = await fetch(`${url}/api/demo/token/`, { method: 'POST', headers, body });
  const authorization = `Bearer ${(await answer.json()).token}`;
  const path = '/api/chat/rooms/?scope=all&status=closed&limit=100';
  const page = await (await fetch(url + path, { headers: { authorization } })).json();
  return new Set(page.results.map(({ id }) => id));
}

const byRole = ({ people }) => Object.fromEntries(people.map(({ role, user }) => [role, user]));

/** An order of the demo that is under way (the oldest: the newest go on by themselves), one whose room is closed, and who is who. */
export async function demoOf(url) {
  const { orders } = await (await fetch(`${url}/api/demo/`)).json();
  const going = orders.findLast((order) => order.status === 'picked_up') ?? orders[0];
  const people = byRole(going);
  const closed = await closedOf(url, people.support);
  const over = orders.find((order) => order.status === 'delivered' && closed.has(order.room));
  if (!over) throw new Error(`${url} has no delivered order whose room is closed`);
  return { order: going.order, room: going.room, closed: over.room, people, past: byRole(over) };
}

/** `still`: lets everything come to rest, for a picture. */
export async function enter(context, url, state, demo, still = false) {
  const page = await context.newPage();
  const people = state.name === 'closed' ? demo.past : demo.people;
  if (state.as) {
    await page.addInitScript(
      (user) => sessionStorage.setItem('orderchat.demo-user', user),
      people[state.as],
    );
  }
  await page.goto(url + state.path(demo));
  await page.locator(state.ready).first().waitFor({ timeout: 15_000 });
  if (still) await page.waitForTimeout(state.wait ?? 500);
  await state.go?.(page, context);
  await page.locator(state.shows).first().waitFor();
  if (still) await page.waitForTimeout(400);
  return page;
}
