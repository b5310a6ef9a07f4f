import { buildConnector, Client, Pool } from 'undici';
import type { TlsIdentity } from './cluster-access.ts';

export interface ConnectionStats {
  /** Connections opened since the start. */
  readonly opened: number;
  /** Connections open now. */
  readonly open: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
// The API server closes a connection after 90 s without a request (its IdleTimeout); be the first to let go, or a request
// meets a connection that is just being closed. undici's own 4 s would make a new handshake after every short pause.
const KEEP_ALIVE_MS = 75_000;
const TCP_KEEP_ALIVE_MS = 30_000;

/** The ways to one server with one TLS identity: a pool for requests, and a connection of its own for each watch. */
export class Connections {
  readonly identity: TlsIdentity;
  readonly pool: Pool;
  readonly #origin: string;
  readonly #connect: buildConnector.connector;

  constructor(origin: string, identity: TlsIdentity, connections: number, counter: ConnectionCounter) {
    this.identity = identity;
    this.#origin = origin;
    // TLS sessions are cached per connector and carry the client certificate, so a new identity needs a new connector.
    this.#connect = counter.counted(buildConnector(tlsOptions(identity)));
    this.pool = new Pool(origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      connect: this.#connect,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }

  /** A client with a single connection, for one watch. */
  single(): Client {
    return new Client(this.#origin, {
      pipelining: 1,
      allowH2: false,
      connect: this.#connect,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }
}

/** Counts connections over all pools and watches of a client. */
export class ConnectionCounter {
  #opened = 0;
  #open = 0;

  stats(): ConnectionStats {
    return { opened: this.#opened, open: this.#open };
  }

  counted(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      connect(options, (...result) => {
        const socket: (typeof result)[1] | undefined = result[1];
        // undici calls back with the error alone, whatever its types say.
        if (socket) {
          this.#opened += 1;
          this.#open += 1;
          socket.once('close', () => {
            this.#open -= 1;
          });
        }
        callback(...result);
      });
    };
  }
}

function tlsOptions(identity: TlsIdentity): buildConnector.BuildOptions {
  return {
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    rejectUnauthorized: identity.verify,
    ...(identity.ca === undefined ? {} : { ca: identity.ca }),
    ...(identity.cert === undefined ? {} : { cert: identity.cert }),
    ...(identity.key === undefined ? {} : { key: identity.key }),
    ...(identity.servername === undefined ? {} : { servername: identity.servername }),
  };
}
