/** Counts per client address, so that one noisy client cannot take the answers away from the others (the kubelet among them). */
export interface ClientLimits {
  /** Whether one more request of this client may be answered now. */
  allow(client: string): boolean;
  /** Whether one more connection may be opened; each true is paid back by `closed`. */
  opened(client: string): boolean;
  closed(client: string): void;
}

export interface LimitOptions {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly connections: number;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}

interface Client {
  tokens: number;
  at: number;
  connections: number;
}

// Memory stays bounded whoever connects: beyond this number, idle clients are forgotten.
const MAX_CLIENTS = 1024;

/** A token bucket and a connection count per client. */
export function clientLimits(options: LimitOptions): ClientLimits {
  const clients = new Map<string, Client>();
  const of = (name: string): Client => {
    const known = clients.get(name);
    if (known) return known;
    if (clients.size >= MAX_CLIENTS) forgetIdle(clients);
    const client = { tokens: options.burst, at: options.monotonic(), connections: 0 };
    clients.set(name, client);
    return client;
  };
  return {
    allow: (name) => {
      const client = of(name);
      const now = options.monotonic();
      const earned = ((now - client.at) / 1000) * options.requestsPerSecond;
      client.tokens = Math.min(options.burst, client.tokens + earned);
      client.at = now;
      if (client.tokens < 1) return false;
      client.tokens -= 1;
      return true;
    },
    opened: (name) => {
      const client = of(name);
      if (client.connections >= options.connections) return false;
      client.connections += 1;
      return true;
    },
    closed: (name) => {
      const client = clients.get(name);
      if (client && client.connections > 0) client.connections -= 1;
    },
  };
}

function forgetIdle(clients: Map<string, Client>): void {
  for (const [name, client] of clients) if (client.connections === 0) clients.delete(name);
}
