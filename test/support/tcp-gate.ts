import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpGate {
  readonly port: number;
  /** Nothing passes any more in either direction, and nobody is told: connections stay open, new ones are accepted. */
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

/**
 * A door in front of a server on 127.0.0.1: what goes through is passed on as it is, TLS included. The server sees it come
 * from `from`, any address of the loopback network.
 */
export async function tcpGate(targetPort: number, from = '127.0.0.1'): Promise<TcpGate> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let passes = true;
  const server = createServer((near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', localAddress: from });
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    for (const [from, to] of [pair, [far, near]] as const) {
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', end);
      from.on('close', end);
      if (!passes) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    shut() {
      passes = false;
      for (const sockets of pairs) for (const socket of sockets) socket.pause();
    },
    open() {
      passes = true;
      for (const sockets of pairs) for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const sockets of pairs) for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
