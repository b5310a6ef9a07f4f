import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Log } from '../platform/log.ts';
import { type ClientLimits, clientLimits } from './limits.ts';

/** Where to listen. `host` undefined means every interface; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers GET of one path; undefined is 404. HEAD, limits and failures are the server's business. */
export type Answerer = (url: URL) => Answer | undefined | Promise<Answer | undefined>;

export interface RunningServer {
  /** The port that it really listens on; undefined where it is switched off. */
  readonly port: number | undefined;
  /** Ends listening and every connection. */
  readonly stop: () => Promise<void>;
}

export interface ServerOptions {
  /** Null switches the server off. */
  readonly address: ListenAddress | null;
  /** Stands in logs and errors: `metrics`. */
  readonly name: string;
  /** The setting to change when the address cannot be used: `--metrics-bind-address`. */
  readonly setting: string;
  readonly answer: Answerer;
  readonly log: Log;
}

/** The address cannot be listened on. The message says why and which setting to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

// A probe or a scrape is a line and a few headers. What takes longer or is larger than this is not one.
const SERVER_LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
} as const;
const MAX_CONNECTIONS = 512;
const PER_CLIENT = { requestsPerSecond: 50, burst: 100, connections: 32 } as const;

export const plainText = (status: number, body: string): Answer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

export const json = (status: number, value: unknown): Answer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value, null, 2)}\n`,
});

/** Serves until `stop`. Rejects with `ListenError`. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  if (options.address === null) return { port: undefined, stop: () => Promise.resolve() };
  const limits = clientLimits({ ...PER_CLIENT, monotonic: () => performance.now() });
  const server = createServer(SERVER_LIMITS, (request, response) => void handle(request, response, options, limits));
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => admit(socket, limits));
  server.on('clientError', (_, socket) => socket.destroy());
  const port = await listen(server, options, options.address);
  options.log.info({ server: options.name, port }, 'listening');
  return { port, stop: () => stop(server) };
}

function admit(socket: Socket, limits: ClientLimits): void {
  const client = socket.remoteAddress ?? '';
  if (!limits.opened(client)) return void socket.destroy();
  socket.once('close', () => limits.closed(client));
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
  limits: ClientLimits,
): Promise<void> {
  try {
    send(
      request,
      response,
      refusal(request, limits) ?? (await options.answer(urlOf(request))) ?? plainText(404, 'not found'),
    );
  } catch (error) {
    options.log.error({ err: error, server: options.name }, 'request failed');
    send(request, response, plainText(500, 'internal error'));
  }
}

function refusal(request: IncomingMessage, limits: ClientLimits): Answer | undefined {
  if (!limits.allow(request.socket.remoteAddress ?? '')) return plainText(429, 'too many requests');
  if (request.method !== 'GET' && request.method !== 'HEAD') return plainText(405, 'only GET and HEAD');
  const length = Number(request.headers['content-length'] ?? 0);
  if (length !== 0 || request.headers['transfer-encoding'] !== undefined) return plainText(413, 'no body is accepted');
  return undefined;
}

// The host does not matter, and a target that is no path (`//`, `*`) is simply not found.
function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? '/';
  return (
    URL.parse(target.startsWith('/') ? `http://localhost${target}` : 'http://localhost/') ??
    new URL('http://localhost/')
  );
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  // The unread rest of a refused request would be taken for the next one.
  if (answer.status === 405 || answer.status === 413) response.setHeader('connection', 'close');
  if (answer.status === 405) response.setHeader('allow', 'GET, HEAD');
  if (answer.status === 429) response.setHeader('retry-after', '1');
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

function listen(server: Server, options: ServerOptions, address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options, address)));
    server.listen({ port: address.port, ...(address.host === undefined ? {} : { host: address.host }) }, () => {
      server.on('error', (error) => options.log.error({ err: error, server: options.name }, 'server failed'));
      resolve((server.address() as AddressInfo).port);
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken by another process',
  EACCES: 'permission denied (ports below 1024 need a privilege)',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name cannot be resolved',
};

function listenError(error: NodeJS.ErrnoException, options: ServerOptions, address: ListenAddress): ListenError {
  const why = WHY[error.code ?? ''] ?? error.message;
  const where = `${address.host ?? ''}:${address.port}`;
  return new ListenError(`${options.name}: cannot listen on ${where}: ${why}; choose another with ${options.setting}`, {
    cause: error,
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
