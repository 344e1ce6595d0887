import { createClient, type Client } from '@orderchat/sdk';
import { wear, type Look } from './look.js';
import { router } from './router.svelte.js';
import { paths } from './paths.js';

/** Who uses these pages, and where their token comes from: the shop's site around them, the demo, or a
 *  developer who pasted one. No token is ever in an address. */
interface Config {
  version: string;
  demo: boolean;
  frame_ancestors: string[];
}

type State = 'starting' | 'waiting' | 'refused' | 'form' | 'demo' | 'in';

const TOKEN = 'orderchat.token';
const PERSON = 'orderchat.demo-user';

class Session {
  state: State = $state('starting');
  client: Client | null = $state.raw(null);
  config: Config = $state.raw({ version: '', demo: false, frame_ancestors: [] });
  /** Within another page, be it the shop's or the demo's. */
  readonly framed = window.parent !== window;

  /** A frame that shows one conversation has no list: of this order, or of the room in the address. */
  order: string | null = null;
  alone = false;

  #waiting: ((token: string) => void)[] = [];
  #early: string | null = null;

  async start(): Promise<void> {
    this.config = await fetchConfig();
    if (this.framed) this.#listen();
    const { pathname, searchParams } = new URL(location.href);
    const room = searchParams.get('room');
    if (pathname.startsWith('/embed')) {
      this.order = searchParams.get('order');
      this.alone = room !== null || this.order !== null;
    }
    if (room && pathname.startsWith('/embed'))
      router.go(paths.room(room), { replace: true, keepQuery: false });
    if (this.framed) return this.#enterFramed();
    if (this.config.demo && (pathname === '/' || pathname.startsWith('/app/demo'))) {
      this.state = 'demo';
      return;
    }
    if (this.config.demo && kept(PERSON)) return this.#enter(() => demoToken(kept(PERSON) ?? ''));
    if (kept(TOKEN)) return this.#enter(pastedToken);
    this.state = this.config.demo ? 'demo' : 'form';
    if (this.config.demo) router.go(paths.demo(), { replace: true, keepQuery: false });
  }

  /** Whether the server has newer pages than these, which a reload would bring. */
  async hasUpdate(): Promise<boolean> {
    const { version } = await fetchConfig();
    return version !== '' && this.config.version !== '' && version !== this.config.version;
  }

  /** With a token that somebody pasted. */
  async useToken(token: string): Promise<void> {
    const answer = await fetch('/api/chat/me/', { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(String(answer.status));
    keep(TOKEN, token);
    this.#enter(pastedToken);
  }

  /** As a person of the demo, in a window of its own. */
  useDemoPerson(user: string): void {
    keep(PERSON, user);
    this.#enter(() => demoToken(user));
  }

  /** The token is not good any more and no other can be had without the person. */
  again(): void {
    if (this.framed) this.#ask('orderchat:token-wanted');
    else {
      keep(TOKEN, null);
      this.state = this.config.demo ? 'demo' : 'form';
    }
  }

  async signOut(): Promise<void> {
    keep(TOKEN, null);
    keep(PERSON, null);
    await this.client?.close({ forget: true });
    this.client = null;
    this.state = this.config.demo ? 'demo' : 'form';
    router.go(this.config.demo ? paths.demo() : paths.home(), { replace: true, keepQuery: false });
  }

  /** Tells the site around these pages, if it is one that may know. */
  tell(message: Record<string, unknown>): void {
    const origin = this.#parentOrigin();
    if (this.framed && origin) window.parent.postMessage(message, origin);
  }

  #enter(getToken: (renew: boolean) => Promise<string>): void {
    this.client = createClient({ getToken });
    this.client.connect();
    this.state = 'in';
  }

  #enterFramed(): void {
    if (!this.#parentOrigin()) {
      this.state = 'refused';
      return;
    }
    this.state = 'waiting';
    this.#enterWhenAsked();
  }

  #enterWhenAsked(): void {
    this.#ask('orderchat:ready');
    this.#waiting.push((token) => {
      this.#early = token;
      this.#enter(async (renew) => {
        const first = this.#early;
        this.#early = null;
        if (first && !renew) return first;
        this.#ask('orderchat:token-wanted');
        return new Promise((done) => this.#waiting.push(done));
      });
    });
  }

  #ask(type: 'orderchat:ready' | 'orderchat:token-wanted'): void {
    this.tell({ type });
  }

  #allowed(origin: string): boolean {
    return origin === location.origin || this.config.frame_ancestors.includes(origin);
  }

  /** Whose page is around this one, if it may be. */
  #parentOrigin(): string | null {
    const told = window.location.ancestorOrigins?.[0] ?? originOf(document.referrer);
    return told !== null && told !== undefined && this.#allowed(told) ? told : null;
  }

  #listen(): void {
    addEventListener('message', (event: MessageEvent<unknown>) => {
      if (event.source !== window.parent || !this.#allowed(event.origin)) return;
      const data = event.data as
        (Look & { type?: unknown; token?: unknown; room?: unknown }) | null;
      if (data?.type === 'orderchat:token' && typeof data.token === 'string') {
        const waiting = this.#waiting;
        this.#waiting = [];
        waiting.forEach((take) => take(data.token as string));
        if (waiting.length === 0) this.client?.connect();
      } else if (data?.type === 'orderchat:open' && typeof data.room === 'string') {
        router.go(paths.room(data.room), { replace: true });
      } else if (data?.type === 'orderchat:look') {
        wear(data);
      } else if (this.config.demo && event.origin === location.origin) {
        if (data?.type === 'orderchat:cut') this.client?.disconnect();
        if (data?.type === 'orderchat:restore') this.client?.connect();
      }
    });
  }
}

function originOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).origin : null;
}

async function fetchConfig(): Promise<Config> {
  try {
    const answer = await fetch('/app/config.json');
    if (answer.ok) return (await answer.json()) as Config;
  } catch {
    // Offline, with the pages from the cache: as outside a demo, with nobody around.
  }
  return { version: '', demo: false, frame_ancestors: [] };
}

async function demoToken(user: string): Promise<string> {
  const answer = await fetch('/api/demo/token/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  if (!answer.ok) throw new Error(`no token for ${user}: ${answer.status}`);
  return ((await answer.json()) as { token: string }).token;
}

function pastedToken(renew: boolean): Promise<string> {
  const token = kept(TOKEN);
  return renew || !token ? Promise.reject(new Error('the token is over')) : Promise.resolve(token);
}

function kept(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Without storage it holds until the page is closed.
  }
}

export const session = new Session();
