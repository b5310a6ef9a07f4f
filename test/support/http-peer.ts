import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ClusterAccess, Credentials } from '../../src/platform/kubernetes/access.ts';

export interface HttpPeer {
  readonly url: string;
  readonly server: Server;
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  stop(): Promise<void>;
}

/** A scripted HTTP peer on a free port. */
export async function httpPeer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HttpPeer> {
  const sockets = new Set<Socket>();
  const server = createServer(answer);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    sockets,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Access to a peer whose tokens are given one after the other, by each `reload`. */
export function accessTo(
  server: string,
  tokens: readonly string[] = ['token'],
): ClusterAccess & { readonly reloads: number } {
  const tls = { verify: true };
  let reloads = 0;
  return {
    server,
    namespace: 'default',
    description: 'a scripted peer',
    get reloads() {
      return reloads;
    },
    credentials: async (): Promise<Credentials> => ({
      headers: { authorization: `Bearer ${tokens[Math.min(reloads, tokens.length - 1)]}` },
      tls,
    }),
    reload: async () => {
      reloads += 1;
    },
  };
}
