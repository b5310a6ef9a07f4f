/**
 * One candidate as a process of its own: `node elector-process.ts '<ElectorProcessArguments as JSON>'`. Tells what
 * happens as JSON lines on stdout; `beat` means that it led at that very moment. SIGTERM releases the lease.
 */

import { systemClock } from '../../src/platform/clock.ts';
import { loadAccess } from '../../src/platform/kubernetes/access.ts';
import { createKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { startElector } from '../../src/runtime/elector.ts';

export interface ElectorProcessArguments {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
}

/** `at`: nanoseconds of the machine's monotonic clock, comparable between processes. */
export interface ElectorProcessLine {
  readonly what: 'started' | 'elected' | 'lost' | 'beat' | 'released';
  readonly at: string;
}

const BEAT_MS = 10;

const options = JSON.parse(process.argv[2] ?? '{}') as ElectorProcessArguments;
const say = (what: ElectorProcessLine['what']): void => {
  process.stdout.write(
    `${JSON.stringify({ what, at: process.hrtime.bigint().toString() } satisfies ElectorProcessLine)}\n`,
  );
};
const access = await loadAccess({ kubeconfig: options.kubeconfig, env: {} });
const client = createKubeClient(access, { clock: systemClock, userAgent: 'elector-test' });
const elector = startElector({
  client,
  namespace: options.namespace,
  name: options.name,
  identity: options.identity,
  leaseDurationMs: 3000,
  renewDeadlineMs: 2000,
  retryPeriodMs: 400,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  onElected: () => say('elected'),
  onLost: () => say('lost'),
  onDeadline: () => {},
});
setInterval(() => {
  if (elector.leading) say('beat');
}, BEAT_MS);
process.once('SIGTERM', () => {
  void elector
    .release()
    .then(() => say('released'))
    .then(() => process.exit(0));
});
say('started');
