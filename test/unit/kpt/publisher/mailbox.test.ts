import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { openMailbox } from '../../../../src/kpt/publisher/mailbox.ts';
import { silentLog } from '../../../../src/platform/log.ts';
import { ManualClock } from '../../../support/clock.ts';

/** As much of a thread as the mailbox uses: it takes messages and answers none. */
class Thread extends EventEmitter {
  ref(): void {}
  unref(): void {}
  postMessage(): void {}
}

test('a system that has no thread to give is asked again, and ends nothing', async () => {
  const clock = new ManualClock();
  const threads: Thread[] = [];
  let refusals = 2;
  const startThread = (): Worker => {
    if (threads.length > 0 && refusals-- > 0) throw new Error('ERR_WORKER_INIT_FAILED');
    threads.push(new Thread());
    return threads.at(-1) as unknown as Worker;
  };
  const mailbox = openMailbox({ clock, log: silentLog, startThread });
  threads[0]?.emit('exit');
  await clock.advance(499);
  expect(mailbox.health().threadAlive).toBe(false);
  await clock.advance(1 + 1_000);
  expect(refusals).toBe(0);
  expect(mailbox.health().threadAlive).toBe(false);
  await expect(mailbox.call('headRoom', undefined)).rejects.toMatchObject({ reason: 'PublisherUnavailable' });
  await clock.advance(2_000);
  expect(mailbox.health().threadAlive).toBe(true);
});
