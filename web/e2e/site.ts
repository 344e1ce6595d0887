// The network between pages and server, which can be cut. Pages, their headers and the API are the server's
// own.
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';

export class Site {
  readonly #http: HttpServer;
  /** Open connections of pages to the server, to be cut. */
  readonly #sockets = new Set<Socket>();
  /** Nothing of the API gets through: as without a network. */
  isCut = false;
  /** Is told of every body that goes to the server, byte by byte as it is on the wire. */
  watch: (path: string, body: Buffer) => void = () => {};

  private constructor(private readonly target: URL) {
    this.#http = createServer((request, response) => this.#pass(request, response));
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

  #pass(request: IncomingMessage, response: ServerResponse): void {
    // The page itself still comes: a browser cannot reload what it cannot reach.
    if (this.isCut && request.url?.startsWith('/api/')) return void response.destroy();
    const { method, url: path } = request;
    const { hostname: host, port } = this.target;
    const passed = httpRequest({ host, port, method, path, headers: request.headers });
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    const body: Buffer[] = [];
    request.on('data', (part: Buffer) => body.push(part));
    request.on('end', () => this.watch(path ?? '', Buffer.concat(body)));
    request.pipe(passed);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.isCut) return void socket.destroy();
    const server = connect(Number(this.target.port), this.target.hostname, () => {
      const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
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
