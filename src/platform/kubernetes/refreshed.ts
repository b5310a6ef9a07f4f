import type { Clock } from '../clock.ts';
import type { Credentials, TlsIdentity } from './cluster-access.ts';

/** Projected tokens are rotated long before they end, so that a look each minute is early enough. */
const MAX_AGE_MS = 60_000;

/** A TLS identity keeps its object while its content is the same: a new object means new connections. */
const sameTls = (a: TlsIdentity, b: TlsIdentity): boolean =>
  a.ca === b.ca && a.cert === b.cert && a.key === b.key && a.servername === b.servername && a.verify === b.verify;

/**
 * Credentials that are read at most once a minute, and at once after `reload`. Reads are shared by all who wait. A read
 * that fails leaves what was read before in use: a file that is just being replaced must not stop the operator.
 */
export class RefreshedCredentials {
  readonly #read: () => Promise<Credentials>;
  readonly #clock: Clock;
  #present: Credentials | undefined;
  #readAt = 0;
  #reading: Promise<Credentials> | undefined;

  constructor(read: () => Promise<Credentials>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  async credentials(): Promise<Credentials> {
    const present = this.#present;
    if (present !== undefined && this.#clock.monotonic() - this.#readAt < MAX_AGE_MS) return present;
    return this.#refresh();
  }

  async reload(): Promise<void> {
    await this.#refresh();
  }

  #refresh(): Promise<Credentials> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<Credentials> {
    const before = this.#present;
    try {
      const read = await this.#read();
      const tls = before !== undefined && sameTls(before.tls, read.tls) ? before.tls : read.tls;
      this.#present = Object.freeze({ headers: read.headers, tls });
    } catch (error) {
      if (before === undefined) throw error;
      this.#present = before;
    }
    this.#readAt = this.#clock.monotonic();
    return this.#present;
  }
}
