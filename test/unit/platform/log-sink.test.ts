import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { type Attempt, LogSink } from '../../../src/platform/log-sink.ts';
import { ManualClock, settle } from '../../support/clock.ts';

/** A reader that takes so many bytes per attempt, blocks while `full`, and is gone when `closed`. */
function reader(bytesPerAttempt = Number.POSITIVE_INFINITY) {
  const taken: Uint8Array[] = [];
  const state = {
    full: false,
    closed: false,
    attempts: 0,
    get got() {
      return Buffer.concat(taken).toString();
    },
  };
  const attempt: Attempt = (bytes, done) => {
    state.attempts += 1;
    if (state.closed) return done(Object.assign(new Error('closed'), { code: 'EPIPE' }), 0);
    if (state.full) return done(Object.assign(new Error('full'), { code: 'EAGAIN' }), 0);
    const some = bytes.slice(0, Math.min(bytesPerAttempt, bytes.length));
    taken.push(some);
    done(null, some.length);
  };
  return { state, attempt };
}

describe('a log sink', () => {
  test('hands the lines of one turn on together and in order', async () => {
    const { state, attempt } = reader();
    const sink = new LogSink(attempt, new ManualClock());
    sink.write('one\n');
    sink.write('two\n');
    await settle();
    expect(state.got).toBe('one\ntwo\n');
    expect(state.attempts).toBe(1);
  });

  test('loses nothing when the reader takes a few bytes at a time and pauses', async () => {
    const clock = new ManualClock();
    const { state, attempt } = reader(3);
    const sink = new LogSink(attempt, clock);
    state.full = true;
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i} ✓\n`);
    for (const line of lines) sink.write(line);
    await settle();
    state.full = false;
    await clock.advance(100);
    expect(state.got).toBe(lines.join(''));
    expect(sink.dropped).toBe(0);
  });

  test.each(['ENOSPC', 'EDQUOT'])('into a file on a full volume (%s) goes on once there is room', async (code) => {
    const clock = new ManualClock();
    const { state, attempt } = reader();
    let full = true;
    const sink = new LogSink(
      (bytes, done) => (full ? done(Object.assign(new Error('full'), { code }), 0) : attempt(bytes, done)),
      clock,
    );
    sink.write('one\n');
    await settle();
    full = false;
    sink.write('two\n');
    await clock.advance(100);
    expect(state.got).toBe('one\ntwo\n');
    expect(sink.dropped).toBe(0);
  });

  test('keeps a bounded backlog for a blocked reader, drops the newest and counts them', async () => {
    const clock = new ManualClock();
    const { state, attempt } = reader();
    const sink = new LogSink(attempt, clock);
    state.full = true;
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 5_000; i += 1) sink.write(line);
    expect(sink.dropped).toBe(5_000 - 4 * 1024);
    state.full = false;
    await clock.advance(100);
    expect(state.got.length).toBe(4 * 1024 * 1024);
  });

  test('gives up on a reader that is gone, and never throws', async () => {
    const { state, attempt } = reader();
    const sink = new LogSink(attempt, new ManualClock());
    state.closed = true;
    sink.write('a\n');
    sink.write('b\n');
    await sink.flush(1_000);
    expect(state.attempts).toBe(1);
    expect(sink.dropped).toBe(2);
  });

  test('flush ends when all is out', async () => {
    const clock = new ManualClock();
    const { state, attempt } = reader();
    const sink = new LogSink(attempt, clock);
    state.full = true;
    sink.write('last words\n');
    const flushed = sink.flush(60_000);
    state.full = false;
    await clock.advance(100);
    await flushed;
    expect(state.got).toBe('last words\n');
  });
});

const SCRIPT = `
import { LogSink, attemptFor } from '${new URL('../../../src/platform/log-sink.ts', import.meta.url).href}';
import { systemClock } from '${new URL('../../../src/platform/clock.ts', import.meta.url).href}';
const sink = new LogSink(attemptFor(1), systemClock);
for (let i = 0; i < 20000; i += 1) sink.write('x'.repeat(500) + '\\n');
process.stderr.write(sink.dropped > 0 ? 'dropped' : 'kept');
await sink.flush(200);
process.exit(0);
`;

// The shell makes pipes, while the child processes of Node have sockets: the sink must manage both.
describe('a real process', () => {
  test.each(['reads nothing', 'is closed'])('goes on and ends although the reader of its socket %s', async (how) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const told = textOf(child.stderr);
    if (how === 'is closed') child.stdout.destroy();
    const [code] = (await once(child, 'exit')) as [number];
    child.stdout.destroy();
    expect(code).toBe(0);
    expect(await told).toBe('dropped');
  });

  test.each(['sleep 3', 'true'])('goes on and ends although the reader of its pipe is `%s`', async (reader) => {
    const line = `{ "$1" --input-type=module --eval "$2"; echo " ended $?" >&2; } | ${reader}`;
    const child = spawn('/bin/sh', ['-c', line, 'sh', process.execPath, SCRIPT], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    expect(await textOf(child.stderr)).toBe('dropped ended 0\n');
  });

  test('writes whole lines to a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'patchgen-sink-'));
    try {
      const file = await open(join(folder, 'log'), 'w');
      const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
        stdio: ['ignore', file.fd, 'pipe'],
      });
      expect(await textOf(child.stderr)).toBe('kept');
      await file.close();
      expect((await readFile(join(folder, 'log'), 'utf8')).length).toBe(20_000 * 501);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

async function textOf(stream: Readable | null): Promise<string> {
  return stream === null ? '' : text(stream);
}
