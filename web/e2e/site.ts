// The pages as people get them: what the build has made, from the same origin as the API. The server has
// its own copy of the pages in its binary; this one is what was built just now.
import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../apps/chat/dist', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
/** As strict as SPEC and UX want it: nothing inline, no foreign host. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "frame-src 'self'",
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html orderchat-worker',
].join('; ');

export class Site {
  readonly #http: HttpServer;
  /** Open connections of pages to the server, to be cut. */
  readonly #sockets = new Set<Socket>();
  /** Nothing gets through: as without a network. */
  isCut = false;

  private constructor(private readonly target: URL) {
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#http.on('upgrade', (request, socket, head) =>
      this.#upgrade(request, socket as Socket, head),
    );
  }

  static async start(url: string): Promise<Site> {
    const site = new Site(new URL(url));
    await new Promise<void>((resolve) => site.#http.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as { port: number }).port}`;
  }

  /** Ends what is open, and lets nothing through until it is called with false. */
  cut(isCut: boolean): void {
    this.isCut = isCut;
    if (isCut) for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut(true);
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    if (pathname.startsWith('/api/')) return this.#pass(request, response);
    if (pathname === '/app/config.json') {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ version: 'e2e', demo: false, frame_ancestors: [] }));
      return;
    }
    const name = pathname.startsWith('/app/') ? pathname.slice(5) : '';
    const path = normalize(join(DIST, name));
    const isFile = extname(name) !== '' && path.startsWith(DIST);
    try {
      const body = await readFile(isFile ? path : join(DIST, 'index.html'));
      response.setHeader('Content-Type', TYPES[isFile ? extname(name) : '.html'] ?? 'text/plain');
      response.setHeader('Content-Security-Policy', POLICY);
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  #headers(request: IncomingMessage) {
    const { origin: _, ...headers } = request.headers;
    return { ...headers, host: this.target.host };
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    if (this.isCut) return void response.destroy();
    const { method, url: path } = request;
    const { hostname: host, port } = this.target;
    const passed = httpRequest({ host, port, method, path, headers: this.#headers(request) });
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.isCut) return void socket.destroy();
    const server = connect(Number(this.target.port), this.target.hostname, () => {
      const headers = Object.entries(this.#headers(request)).map(
        ([name, value]) => `${name}: ${value}`,
      );
      server.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      server.write(head);
      server.pipe(socket);
      socket.pipe(server);
    });
    this.#sockets.add(socket);
    socket.on('error', () => server.destroy());
    server.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      server.destroy();
    });
    server.on('close', () => socket.destroy());
  }
}
