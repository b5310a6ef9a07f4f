import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as requestTo } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** What to do to one request instead of passing it on untouched. */
export type Fault =
  /** Answers itself. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: unknown;
    }
  /** Accepts the request and never answers. */
  | { readonly kind: 'hang' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'refuse' }
  /** Passes the request on, then closes the connection without passing on the answer: the write happened. */
  | { readonly kind: 'lose-answer' }
  /** Passes on after this many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Passes on once this resolves. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** Cuts the answer after this many bytes. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** Passes on one byte per millisecond. */
  | { readonly kind: 'drip' }
  /** Rewrites each line of the answer; undefined drops it, several lines multiply it. */
  | { readonly kind: 'lines'; readonly map: (line: string) => string | readonly string[] | undefined };

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly watch: boolean;
}

export type Rule = (seen: Seen) => Fault | undefined;

export interface FaultProxy {
  /** `http://127.0.0.1:<port>`: plain, so that what passes can be changed; the way on is TLS, verified. */
  readonly url: string;
  /** Every request that came, in order. */
  readonly seen: readonly Seen[];
  /** Paths of the watches that are passed through now. */
  readonly openWatches: readonly string[];
  /** Connections that clients hold now. */
  readonly openConnections: number;
  /** Connections that clients opened since the start. */
  readonly openedConnections: number;
  /** The rules, asked in order for each request. The returned function takes the rule back. */
  add(rule: Rule): () => void;
  /** Cuts every watch (`FIN`: an ordinary end of the connection; `RST`: a reset). */
  cutWatches(how?: 'FIN' | 'RST'): void;
  /** From now on no open watch passes a byte on, and none is closed: half-open. New ones are not affected. */
  freezeWatches(): void;
  /** Writes a line of its own into every open watch. */
  inject(line: string): void;
  stop(): Promise<void>;
}

interface OpenWatch {
  readonly path: string;
  readonly response: ServerResponse;
  frozen: boolean;
}

/**
 * A small proxy in front of a real API server. Without rules it passes everything on unchanged.
 */
export async function startFaultProxy(options: { readonly server: string; readonly ca: string }): Promise<FaultProxy> {
  const rules: Rule[] = [];
  const seen: Seen[] = [];
  const watches = new Set<OpenWatch>();
  const sockets = new Set<Socket>();
  let opened = 0;
  const listener = createServer((incoming, response) => {
    const asked = seenOf(incoming);
    seen.push(asked);
    const fault = rules.map((rule) => rule(asked)).find((each) => each !== undefined);
    pass(options, incoming, response, asked, fault, watches);
  });
  // As the API server: a client that lets go of idle connections first never meets one that is just being closed.
  listener.keepAliveTimeout = 120_000;
  listener.on('connection', (socket) => {
    sockets.add(socket);
    opened += 1;
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    seen,
    get openWatches() {
      return [...watches].map(({ path }) => path);
    },
    get openConnections() {
      return sockets.size;
    },
    get openedConnections() {
      return opened;
    },
    add: (rule) => {
      rules.push(rule);
      return () => void rules.splice(rules.indexOf(rule), 1);
    },
    cutWatches: (how = 'FIN') => {
      for (const { response } of watches) {
        if (how === 'RST') response.socket?.resetAndDestroy();
        else response.destroy();
      }
    },
    freezeWatches: () => {
      for (const watch of watches) watch.frozen = true;
    },
    inject: (line) => {
      for (const { response } of watches) response.write(`${line}\n`);
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function seenOf(incoming: IncomingMessage): Seen {
  const url = new URL(incoming.url ?? '/', 'http://proxy');
  const watch = url.searchParams.get('watch') === 'true';
  return { method: incoming.method ?? '', path: url.pathname, query: url.searchParams, watch };
}

function pass(
  to: { readonly server: string; readonly ca: string },
  incoming: IncomingMessage,
  response: ServerResponse,
  asked: Seen,
  fault: Fault | undefined,
  watches: Set<OpenWatch>,
): void {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'refuse') return void response.destroy();
  if (fault?.kind === 'answer') {
    response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
    return void response.end(JSON.stringify(fault.body ?? {}));
  }
  const watch: OpenWatch = { path: asked.path, response, frozen: false };
  const outgoing = requestTo(`${to.server}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers: { ...incoming.headers, host: new URL(to.server).host, connection: 'close' },
    ca: to.ca,
  });
  outgoing.on('error', () => response.destroy());
  outgoing.on('response', (answer) => {
    if (fault?.kind === 'lose-answer') return void response.destroy();
    if (asked.watch) watches.add(watch);
    const { connection: _hop, 'transfer-encoding': _framing, ...headers } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, headers);
    response.flushHeaders();
    answer.on('error', () => response.destroy());
    answer.on('close', () => answer.complete || response.destroy());
    void pump(answer, response, fault, watch);
  });
  response.on('close', () => {
    watches.delete(watch);
    outgoing.destroy();
  });
  const passOn = (): void => void incoming.pipe(outgoing);
  if (fault?.kind === 'hold') void fault.until.then(passOn);
  else setTimeout(passOn, fault?.kind === 'delay' ? fault.ms : 0);
}

/** Passes the body on, through the fault. */
async function pump(
  answer: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
  watch: OpenWatch,
): Promise<void> {
  let passed = 0;
  let partial = '';
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (watch.frozen) continue;
      if (fault?.kind === 'lines') {
        const lines = (partial + chunk.toString('latin1')).split('\n');
        partial = lines.pop() ?? '';
        for (const line of lines) for (const out of mapped(fault.map, line)) response.write(`${out}\n`, 'latin1');
      } else if (fault?.kind === 'drip') {
        for (const byte of chunk) {
          if (response.destroyed) return;
          response.write(Buffer.of(byte));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } else if (fault?.kind === 'truncate' && passed + chunk.length > fault.bytes) {
        response.write(chunk.subarray(0, fault.bytes - passed), () => response.destroy());
        return;
      } else {
        response.write(chunk);
      }
      passed += chunk.length;
    }
    if (!watch.frozen) response.end(partial, 'latin1');
  } catch {
    if (!watch.frozen) response.destroy();
  }
}

function mapped(map: (line: string) => string | readonly string[] | undefined, line: string): readonly string[] {
  const out = map(line);
  if (out === undefined) return [];
  return typeof out === 'string' ? [out] : out;
}
