import { writeSync } from 'node:fs';
import { startPublisher } from '../../../src/kpt/publisher/start.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { systemRandom } from '../../../src/platform/random.ts';
import { requestOf } from '../../support/package-root.ts';

/** Publishes under a lease of 200 ms through a thread that takes longer, while the event loop is blocked and can't renew. */
const root = process.argv[2] ?? '';
const publisher = startPublisher({
  root,
  minFreeBytes: 0,
  log: silentLog,
  clock: systemClock,
  random: systemRandom,
  threadFile: new URL('./slow-thread.ts', import.meta.url),
});
publisher.setLeaseDeadline(2n ** 62n);
await publisher.claim({ takeOver: false, exclusive: false });
publisher.setLeaseDeadline(process.hrtime.bigint() + 200_000_000n);
const published = publisher.publish(requestOf('shop/web', 1)).then(
  () => 'ok',
  (error: { readonly reason: string }) => error.reason,
);
setImmediate(() =>
  setImmediate(() => {
    for (const end = Date.now() + 1000; Date.now() < end; );
  }),
);
writeSync(1, `${await published}\n`);
await publisher.close();
