import type { Worker } from 'node:worker_threads';
import { type Failure, failureOf } from '../../api/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { failed } from './failures.ts';
import type { Answer, Call, OperationName, Operations, Reply, Request } from './messages.ts';
import { keyText } from './names.ts';
import type { PublisherHealth, RootIdentity } from './publisher.ts';

export interface MailboxOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly startThread: () => Worker;
}

/** The main side of the publisher thread. */
export interface Mailbox {
  call<Name extends OperationName>(
    name: Name,
    argument: Operations[Name]['argument'],
  ): Promise<Operations[Name]['result']>;
  health(): PublisherHealth;
  close(): Promise<void>;
}

/** Larger batches save no more syncs, but make the first of them wait longer. */
const LARGEST_BATCH = 64;
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;

interface Pending {
  readonly call: Call;
  readonly since: number;
  readonly resolve: (value: never) => void;
  readonly reject: (failure: Failure) => void;
}

/**
 * Sends calls to the thread: all of one tick, and all that came while it was busy, in one message. When the thread dies,
 * the calls that it had fail with PublisherUnavailable and it is started again, ever more slowly; it then goes on in the
 * epoch that this process holds.
 */
export function openMailbox(options: MailboxOptions): Mailbox {
  const box = new ThreadMailbox(options);
  return Object.freeze({
    call: (name, argument) => box.call(name, argument),
    health: () => box.health(),
    close: () => box.close(),
  } satisfies Mailbox);
}

class ThreadMailbox {
  readonly #options: MailboxOptions;
  readonly #waiting: Pending[] = [];
  readonly #sent = new Map<number, Pending>();
  /** Keys whose last publication failed or was cut off: their short cut stays closed in a thread that is started anew. */
  readonly #doubtful = new Set<string>();
  #thread: Worker | undefined;
  #identity: RootIdentity | undefined;
  #nextId = 1;
  #scheduled = false;
  #restartMs = FIRST_RESTART_MS;
  #closing: Promise<void> | undefined;
  #cancelRestart: (() => void) | undefined;

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#start();
  }

  call<Name extends OperationName>(
    name: Name,
    argument: Operations[Name]['argument'],
  ): Promise<Operations[Name]['result']> {
    if (this.#closing) return Promise.reject(failed('ShuttingDown', 'the publisher was closed'));
    if (this.#thread === undefined) return Promise.reject(unavailable('is being started again'));
    return new Promise((resolve, reject) => {
      const call = { id: this.#nextId, name, argument } as Call;
      this.#nextId += 1;
      this.#waiting.push({ call, since: this.#options.clock.monotonic(), resolve, reject });
      this.#schedule();
    });
  }

  health(): PublisherHealth {
    const [sent] = this.#sent.values();
    const oldest = sent ?? this.#waiting[0];
    const oldestCallMs = oldest === undefined ? 0 : Math.max(0, this.#options.clock.monotonic() - oldest.since);
    return { oldestCallMs, threadAlive: this.#thread !== undefined };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#cancelRestart?.();
    const thread = this.#thread;
    if (thread === undefined) return;
    thread.ref();
    const exited = new Promise((resolve) => thread.once('exit', resolve));
    if (this.#waiting.length + this.#sent.size === 0) thread.postMessage({ end: true } satisfies Request);
    await exited;
  }

  #start(): void {
    const thread = this.#options.startThread();
    this.#thread = thread;
    thread.unref();
    thread.on('message', (reply: Reply) => this.#receive(reply));
    thread.on('error', (error) => this.#options.log.error({ error: String(error) }, 'publisher thread failed'));
    thread.once('exit', () => this.#lost());
  }

  #schedule(): void {
    if (this.#scheduled || this.#sent.size > 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#thread === undefined || this.#sent.size > 0 || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, LARGEST_BATCH);
    for (const pending of batch) this.#sent.set(pending.call.id, pending);
    this.#thread.ref();
    this.#thread.postMessage({ calls: batch.map(({ call }) => call) } satisfies Request);
  }

  #receive({ answers, notes }: Reply): void {
    for (const { level, message, fields } of notes) this.#options.log[level](fields, message);
    for (const answer of answers) this.#settle(answer);
    this.#restartMs = FIRST_RESTART_MS;
    this.#flush();
    if (this.#sent.size > 0) return;
    // Its end is waited for, and perhaps by nobody else: an idle thread alone would let the process go before.
    if (this.#closing) this.#thread?.postMessage({ end: true } satisfies Request);
    else this.#thread?.unref();
  }

  #settle(answer: Answer): void {
    const pending = this.#sent.get(answer.id);
    if (pending === undefined) return;
    this.#sent.delete(answer.id);
    this.#remember(pending.call, answer);
    if (answer.ok) return pending.resolve(answer.value as never);
    const { class: kind, reason, message } = answer.failure;
    pending.reject(failureOf(kind, reason, message));
  }

  #remember(call: Call, answer: Answer): void {
    if (call.name === 'claim') this.#identity = answer.ok ? (answer.value as RootIdentity) : undefined;
    if (call.name !== 'publish' && call.name !== 'remove') return;
    if (answer.ok) this.#doubtful.delete(keyText(call.argument));
    else this.#doubtful.add(keyText(call.argument));
  }

  #lost(): void {
    this.#thread = undefined;
    const cut = [...this.#sent.values(), ...this.#waiting.splice(0)];
    this.#sent.clear();
    for (const { call, reject } of cut) {
      if (call.name === 'publish' || call.name === 'remove') this.#doubtful.add(keyText(call.argument));
      reject(unavailable('ended'));
    }
    if (this.#closing) return;
    this.#options.log.error({ restartMs: this.#restartMs }, 'publisher thread ended and is started again');
    this.#restartLater();
  }

  #restartLater(): void {
    this.#cancelRestart = this.#options.clock.after(this.#restartMs, () => this.#restart());
    this.#restartMs = Math.min(this.#restartMs * 2, LONGEST_RESTART_MS);
  }

  #restart(): void {
    try {
      this.#start();
    } catch (error) {
      // The system has no thread to give; nobody else would catch this.
      this.#options.log.error({ error: String(error) }, 'publisher thread could not be started');
      return this.#restartLater();
    }
    if (this.#identity === undefined) return;
    const { epoch } = this.#identity;
    this.call('resume', { epoch, closed: [...this.#doubtful] }).catch((error: unknown) => {
      this.#options.log.error({ error: String(error) }, 'publisher could not go on in its epoch');
    });
  }
}

function unavailable(what: string): Failure {
  return failed('PublisherUnavailable', `the publisher thread ${what}; nothing is known of the call`);
}
