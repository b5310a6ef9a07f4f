import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import type { ClusterAccess, Credentials } from '../../src/platform/kubernetes/access.ts';
import {
  createKubeClient,
  type HttpKubeClient,
  type KubeClientOptions,
} from '../../src/platform/kubernetes/http-client.ts';

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

export interface PeerWorld {
  readonly peer: HttpPeer;
  readonly client: HttpKubeClient;
  readonly access: ReturnType<typeof accessTo>;
}

/** A scripted peer and a client of it, both gone when the test ends. `path` is the prefix of the server's URL. */
export async function peerWorld(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: Partial<KubeClientOptions> & { readonly path?: string; readonly tokens?: readonly string[] } = {},
): Promise<PeerWorld> {
  const peer = await httpPeer(answer);
  const access = accessTo(`${peer.url}${options.path ?? ''}`, options.tokens);
  const client = createKubeClient(access, { clock: systemClock, userAgent: 'patchgen/test', ...options });
  onTestFinished(async () => {
    await client.close();
    await peer.stop();
  });
  return { peer, client, access };
}
