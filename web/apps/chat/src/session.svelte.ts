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
/** The site around these pages has so long for a token; then it is asked again. */
const TOKEN_MS = 10_000;

/** Its one is {@link session}; tests make others. */
export class Session {
  state: State = $state('starting');
  client: Client | null = $state.raw(null);
  config: Config = $state.raw({ version: '', demo: false, frame_ancestors: [] });
  /** Within another page, be it the shop's or the demo's. */
  readonly framed = window.parent !== window;

  /** A frame that shows one conversation has no list: of this order, or of the room in the address. */
  order: string | null = null;
  alone = false;

  /** A token that came when nothing waited for it: whoever wants one next takes it. */
  #early: string | null = null;
  readonly #keep = (token: string) => {
    this.#early = token;
  };
  /** Where the next token goes. */
  #take: (token: string) => void = this.#keep;

  async start(): Promise<void> {
    this.config = await fetchConfig();
    if (this.framed) this.#listen();
    const { pathname, searchParams } = new URL(location.href);
    if (pathname.startsWith('/embed')) {
      const room = searchParams.get('room');
      this.order = searchParams.get('order');
      this.alone = room !== null || this.order !== null;
      if (room) router.go(paths.room(room), { replace: true, keepQuery: false });
    }
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
  useToken(token: string): void {
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
    if (this.framed) this.tell({ type: 'orderchat:token-wanted' });
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
    void this.client?.close();
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
    this.tell({ type: 'orderchat:ready' });
    this.#take = (token) => {
      this.#early = token;
      this.#enter(() => this.#tokenOfSite());
    };
  }

  async #tokenOfSite(): Promise<string> {
    const early = this.#early;
    this.#early = null;
    if (early) return early;
    this.tell({ type: 'orderchat:token-wanted' });
    return new Promise((done, failed) => {
      this.#take = done;
      setTimeout(() => {
        if (this.#take !== done) return;
        this.#take = this.#keep;
        // To the SDK: as without a network, so that it tries again.
        failed(new TypeError('no token'));
      }, TOKEN_MS);
    });
  }

  #allowed(origin: string): boolean {
    return origin === location.origin || this.config.frame_ancestors.includes(origin);
  }

  /** Whose page is around this one, if it may be. */
  #parentOrigin(): string | null {
    const told = window.location.ancestorOrigins?.[0] ?? originOf(document.referrer);
    return told && this.#allowed(told) ? told : null;
  }

  #listen(): void {
    addEventListener('message', (event: MessageEvent<unknown>) => {
      if (event.source !== window.parent || !this.#allowed(event.origin)) return;
      const data = event.data as
        (Look & { type?: unknown; token?: unknown; room?: unknown }) | null;
      if (data?.type === 'orderchat:token' && typeof data.token === 'string') {
        const take = this.#take;
        this.#take = this.#keep;
        take(data.token);
        this.client?.connect();
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
