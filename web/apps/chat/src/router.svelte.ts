import { routeOf, type Route } from './paths.js';

/** The address bar as state. The lists' filters and the open pane are in the query, so that they
 *  survive a reload and can be shared. */
class Router {
  #url: URL = $state.raw(new URL(location.href));
  readonly route: Route = $derived(routeOf(this.#url.pathname));
  readonly query: URLSearchParams = $derived(this.#url.searchParams);
  /** How many steps back stay within these pages. */
  #depth = 0;

  constructor() {
    addEventListener('popstate', () => {
      this.#url = new URL(location.href);
      this.#depth = Number((history.state as { depth?: number } | null)?.depth ?? 0);
    });
    addEventListener('click', (event) => this.#clicked(event));
  }

  get path(): string {
    return this.#url.pathname;
  }

  /** Goes to an address; filters of the list stay unless the address has its own. */
  go(to: string, { replace = false, keepQuery = true } = {}): void {
    const url = new URL(to, location.href);
    if (keepQuery && url.search === '') url.search = listQuery(this.query).toString();
    if (url.href === this.#url.href) return;
    if (!replace) this.#depth += 1;
    const state = { depth: this.#depth };
    if (replace) history.replaceState(state, '', url);
    else history.pushState(state, '', url);
    this.#url = url;
  }

  /** Sets and (with null) removes parts of the query. */
  set(changes: Record<string, string | null>, replace = true): void {
    const url = new URL(this.#url);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === '') url.searchParams.delete(key);
      else url.searchParams.set(key, value);
    }
    this.go(url.href, { replace, keepQuery: false });
  }

  /** One step back if that stays here, else to `otherwise`. */
  back(otherwise: string): void {
    if (this.#depth > 0) history.back();
    else this.go(otherwise, { replace: true });
  }

  #clicked(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith('/app')) return;
    event.preventDefault();
    this.go(url.href);
  }
}

/** `q` is what the search page looks for. */
const LIST = ['scope', 'status', 'find'];

function listQuery(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([key]) => LIST.includes(key)));
}

export const router = new Router();
