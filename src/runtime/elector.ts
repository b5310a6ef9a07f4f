import { type Clock, sleep } from '../platform/clock.ts';
import { ApiError, type KubeClient } from '../platform/kubernetes/client.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import { type AttemptOutcome, Candidate } from './elector-candidate.ts';
import { type Lease, leaseDoor } from './lease.ts';

export interface ElectorMetrics {
  /** `leader_election_master_status`. */
  leading(yes: boolean): void;
  /** One attempt to get or keep the Lease ended. */
  attempted(ok: boolean, seconds: number): void;
}

export interface ElectorOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Different for every process, restarts included. */
  readonly identity: string;
  /** What others wait after the last change that they saw. */
  readonly leaseDurationMs: number;
  /** What we lead after the start of the last successful renewal. Less than the duration. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** We lead from now on. Told once at most. */
  readonly onElected: () => void;
  /** We led and do not any more, against our will. Told once at most; this process is never elected again. */
  readonly onLost: (reason: string) => void;
  /**
   * The monotonic moment after which we must not write: start of the last successful renewal + renew deadline. Told
   * before `onElected`, at each renewal, and, with the present moment, when leadership ends.
   */
  readonly onDeadline: (monotonicMs: number) => void;
  /** The Lease, each time that it was read or written. */
  readonly onLease?: (lease: Lease) => void;
  readonly metrics?: ElectorMetrics;
}

export interface Elector {
  /** Whether we may write now. */
  readonly leading: boolean;
  /** The identity in the Lease when it was last seen. */
  readonly leader: string | undefined;
  /**
   * Ends our candidacy and, if the Lease is still ours, vacates it. Call it after the last write. Never rejects; gives up
   * after one renew deadline.
   */
  release(): Promise<void>;
  /** Ends our candidacy without a word to anybody: others wait until the Lease expires. */
  stop(): Promise<void>;
}

/** client-go waits between one and 2.2 retry periods between two attempts of a candidate. */
const CANDIDATE_JITTER = 1.2;
const RENEW_JITTER = 0.1;
const SOON_MS = 50;

/**
 * Leader election on a Lease, after client-go's leaderelection, with the local clock only. One of the candidates leads
 * at a time as far as a Lease can promise it: a leader stops `renewDeadlineMs` after the start of its last successful
 * renewal, even if its event loop or a request hung; others wait `leaseDurationMs` after the last change that they saw.
 * A process that is stopped between a check and a write can still write late; what it writes to must fence it.
 */
export function startElector(options: ElectorOptions): Elector {
  if (!(options.leaseDurationMs > options.renewDeadlineMs && options.renewDeadlineMs > options.retryPeriodMs)) {
    throw new RangeError('lease duration > renew deadline > retry period must hold');
  }
  const election = new Election(options);
  return {
    get leading() {
      return election.leading;
    },
    get leader() {
      return election.leader;
    },
    release: () => election.release(),
    stop: () => election.stop(),
  };
}

class Election {
  readonly #options: ElectorOptions;
  readonly #candidate: Candidate;
  readonly #ended = new AbortController();
  readonly #loop: Promise<void>;
  #phase: 'candidate' | 'leader' | 'over' = 'candidate';
  #deadline = Number.NEGATIVE_INFINITY;
  #cancelDeadline: () => void = () => {};
  #trouble = '';

  constructor(options: ElectorOptions) {
    this.#options = options;
    const door = leaseDoor(options.client, options.namespace, options.name);
    this.#candidate = new Candidate({
      ...options,
      door,
      onLease: (lease) => this.#tell(() => options.onLease?.(lease)),
    });
    options.metrics?.leading(false);
    this.#loop = this.#run();
  }

  get leading(): boolean {
    return this.#phase === 'leader' && this.#options.clock.monotonic() < this.#deadline;
  }

  get leader(): string | undefined {
    return this.#candidate.holder;
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#loop;
  }

  async release(): Promise<void> {
    await this.stop();
    const { clock, log, retryPeriodMs, renewDeadlineMs } = this.#options;
    const giveUpAt = clock.monotonic() + renewDeadlineMs;
    for (let left = renewDeadlineMs; left > 0; left = giveUpAt - clock.monotonic()) {
      try {
        const timeoutMs = Math.min(renewDeadlineMs / 2, left);
        return await this.#candidate.vacate({ timeoutMs, signal: new AbortController().signal });
      } catch (error) {
        log.warn({ err: error }, 'lease could not be released');
        if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return;
        await sleep(clock, Math.min(retryPeriodMs / 4, left));
      }
    }
  }

  async #run(): Promise<void> {
    const { clock, metrics } = this.#options;
    while (this.#phase !== 'over') {
      const startedAt = clock.monotonic();
      const outcome = await this.#attempt();
      metrics?.attempted(outcome?.holds === 'us', (clock.monotonic() - startedAt) / 1000);
      this.#settle(outcome);
      await sleep(clock, this.#pauseMs(), this.#ended.signal).catch(() => {});
    }
  }

  /** One try to get or keep the Lease. Undefined: nobody knows what came of it. */
  async #attempt(): Promise<AttemptOutcome | undefined> {
    const { clock, log, renewDeadlineMs } = this.#options;
    // Half the deadline each, so that one hung connection leaves room for another try.
    const left = this.#phase === 'leader' ? this.#deadline - clock.monotonic() : renewDeadlineMs;
    const timeoutMs = Math.max(1, Math.min(renewDeadlineMs / 2, left));
    try {
      const outcome = await this.#candidate.attempt(this.#phase === 'leader', {
        timeoutMs,
        signal: this.#ended.signal,
      });
      this.#trouble = '';
      return outcome;
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (this.#phase !== 'over' && trouble !== this.#trouble) log.warn({ err: error }, 'lease could not be reached');
      this.#trouble = trouble;
      return undefined;
    }
  }

  #settle(outcome: AttemptOutcome | undefined): void {
    if (this.#phase === 'over') return;
    const now = this.#options.clock.monotonic();
    // Late is late: the process may have been stopped, and the timer that ends our term may not have run yet.
    if (this.#phase === 'leader' && now >= this.#deadline) return this.#lose('the renew deadline passed');
    if (outcome?.holds === 'us') this.#hold(outcome.startedAt + this.#options.renewDeadlineMs, now);
    else if (outcome?.holds === 'other' && this.#phase === 'leader')
      this.#lose(`${outcome.leader ?? 'somebody'} took the lease`);
  }

  #hold(deadline: number, now: number): void {
    if (now >= deadline) return; // an answer so late proves nothing about the present; the next attempt will
    const { clock, log, metrics, onDeadline, onElected, identity } = this.#options;
    this.#deadline = deadline;
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(deadline - now, () => this.#lose('the renew deadline passed'));
    this.#tell(() => onDeadline(deadline));
    if (this.#phase === 'leader') return;
    this.#phase = 'leader';
    metrics?.leading(true);
    log.info({ identity }, 'elected leader');
    this.#tell(onElected);
  }

  #lose(reason: string): void {
    if (this.#phase !== 'leader') return;
    this.#end();
    this.#options.log.error({ reason }, 'leadership lost');
    this.#tell(() => this.#options.onLost(reason));
  }

  #end(): void {
    if (this.#phase === 'over') return;
    const led = this.#phase === 'leader';
    this.#phase = 'over';
    this.#cancelDeadline();
    this.#options.metrics?.leading(false);
    if (led) this.#tell(() => this.#options.onDeadline(Math.min(this.#deadline, this.#options.clock.monotonic())));
    this.#ended.abort();
  }

  /** A leader renews once per period; a candidate looks as often, and at the very moment at which a term runs out. */
  #pauseMs(): number {
    const { clock, random, retryPeriodMs } = this.#options;
    if (this.#phase === 'leader') return retryPeriodMs * (1 - RENEW_JITTER * random.fraction());
    const pause = retryPeriodMs * (1 + CANDIDATE_JITTER * random.fraction());
    const untilFree = this.#candidate.freeAt - clock.monotonic();
    return untilFree > 0 ? Math.min(pause, untilFree + SOON_MS * random.fraction()) : pause;
  }

  /** A listener that throws is its own trouble, not that of the election. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#options.log.error({ err: error }, 'listener of the election failed');
    }
  }
}
