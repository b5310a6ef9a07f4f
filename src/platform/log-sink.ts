import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Clock } from './clock.ts';

const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const RETRY_MS = 50;
/** The reader is slow, or the volume of a log file is full: neither lasts for ever. */
const PASSING: ReadonlySet<string | undefined> = new Set(['EAGAIN', 'EINTR', 'ENOSPC', 'EDQUOT']);

type Done = (error: NodeJS.ErrnoException | null, bytesWritten: number) => void;
/** Writes some of the bytes and tells how many, at once or later. Never blocks the caller. */
export type Attempt = (bytes: Uint8Array, done: Done) => void;

/**
 * A sink for log lines that never blocks and never throws. Lines go out at the end of the turn while the reader keeps up. When it does
 * not, they wait in memory up to a bound; beyond it the newest are dropped and counted. A closed reader (EPIPE) ends
 * writing for good, and the process goes on.
 */
export class LogSink {
  readonly #attempt: Attempt;
  readonly #clock: Clock;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #busy = false;
  #scheduled = false;
  #closed = false;
  #dropped = 0;
  readonly #onIdle: (() => void)[] = [];

  constructor(attempt: Attempt, clock: Clock) {
    this.#attempt = attempt;
    this.#clock = clock;
  }

  /** Lines lost because the reader was too slow or gone. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#closed || this.#bytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#busy) return;
    if (this.#bytes >= CHUNK_BYTES) this.#pump();
    else this.#soon();
  }

  /** Resolves when every line is out, or after `ms` at the latest. */
  flush(ms: number): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      // A plain timer, for it must keep the process alive until then.
      const timer = setTimeout(resolve, ms);
      this.#onIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Lines of one turn of the event loop go out in one write: under load that is one system call for dozens of lines. */
  #soon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#busy) this.#pump();
    });
  }

  #pump(): void {
    this.#busy = true;
    // A loop, not a recursion: a reader that takes a few bytes at a time must not cost the stack.
    while (this.#writeOnce()) {}
  }

  /** True when the next write may go at once. Otherwise another one follows by itself, or nothing is left. */
  #writeOnce(): boolean {
    if (this.#waiting.length === 0) {
      this.#idle();
      return false;
    }
    const [first] = this.#waiting;
    const chunk = this.#waiting.length === 1 && first ? first : this.#gather();
    const turn = { here: true, again: false };
    this.#attempt(chunk, (error, written) => {
      const again = this.#settled(chunk, error, written);
      if (turn.here) turn.again = again;
      else if (again) this.#pump();
    });
    turn.here = false;
    return turn.again;
  }

  /** Joins waiting lines, so that a backlog goes out in few writes. */
  #gather(): Buffer {
    let size = 0;
    const count = this.#waiting.findIndex((bytes) => {
      size += bytes.length;
      return size > CHUNK_BYTES;
    });
    const taken = this.#waiting.splice(0, count === -1 ? this.#waiting.length : Math.max(count, 1));
    const chunk = taken.length === 1 && taken[0] ? taken[0] : Buffer.concat(taken);
    this.#waiting.unshift(chunk);
    return chunk;
  }

  #settled(chunk: Buffer, error: NodeJS.ErrnoException | null, written: number): boolean {
    if (error && !PASSING.has(error.code)) {
      this.#close();
      return false;
    }
    this.#bytes -= written;
    if (written === chunk.length) this.#waiting.shift();
    else this.#waiting[0] = chunk.subarray(written);
    if (!error && written > 0) return true;
    this.#clock.after(RETRY_MS, () => this.#pump());
    return false;
  }

  #close(): void {
    this.#closed = true;
    for (const bytes of this.#waiting) this.#dropped += linesIn(bytes);
    this.#waiting = [];
    this.#bytes = 0;
    this.#idle();
  }

  #idle(): void {
    this.#busy = false;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

function linesIn(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
}

/**
 * How to write to a descriptor without blocking. A pipe or terminal is opened anew, so that O_NONBLOCK is not set for the
 * processes that share the descriptor. A socket cannot be opened anew and goes through libuv. The thread pool is no way:
 * a thread that waits for the reader keeps the process from ending.
 */
export function attemptFor(fd: number): Attempt {
  if (fstatSync(fd).isFile()) return writingNow(fd);
  try {
    return writingNow(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    return writingSocket(fd);
  }
}

function writingSocket(fd: number): Attempt {
  const socket = new Socket({ fd, readable: false, writable: true });
  // Each failed write is told to its own callback; without a listener the process would end.
  socket.on('error', () => {});
  socket.unref();
  return (bytes, done) => void socket.write(bytes, (error) => done(error ?? null, error ? 0 : bytes.length));
}

function writingNow(fd: number): Attempt {
  return (bytes, done) => {
    let written: number;
    try {
      written = writeSync(fd, bytes);
    } catch (error) {
      return done(error as NodeJS.ErrnoException, 0);
    }
    done(null, written);
  };
}
