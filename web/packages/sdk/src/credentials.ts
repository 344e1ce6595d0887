import type { Clock } from './types.js';

interface Claims {
  sub: string;
  role: string;
  iat: number;
  exp: number;
}

/** What the token says of itself; it is the server that checks it. Null for what is no JWT. */
export function claimsOf(token: string): Partial<Claims> | null {
  try {
    const part = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Partial<Claims>;
  } catch {
    return null;
  }
}

/** The token in use, and the way to another one. */
export class Credentials {
  claims: Partial<Claims> | null = null;
  #token: string | null = null;
  #asking: Promise<string> | null = null;

  constructor(
    private readonly ask: (renew: boolean) => string | Promise<string>,
    private readonly clock: Pick<Clock, 'now'>,
    /** Is told who one is: a token says it before the server does. */
    private readonly onUser: (user: string) => void,
  ) {}

  /** A token that is good for some time yet. Many who ask at once ask for one. */
  get(renew = false): Promise<string> {
    if (!renew && this.#token !== null && this.renewIn() > 0) return Promise.resolve(this.#token);
    this.#asking ??= this.#renew(renew).finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** In how many milliseconds another one should be there: a fifth of its life before the end, a minute at most. */
  renewIn(): number {
    const { exp, iat } = this.claims ?? {};
    if (!exp) return Infinity;
    const margin = Math.min(60, iat ? (exp - iat) / 5 : 60);
    return (exp - margin) * 1000 - this.clock.now();
  }

  async #renew(renew: boolean): Promise<string> {
    const token = await this.ask(renew || this.#token !== null);
    this.#token = token;
    this.claims = claimsOf(token);
    if (this.claims?.sub !== undefined) this.onUser(this.claims.sub);
    return token;
  }
}
