import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { podProcesses } from '../../../tools/node/cgroups.ts';
import { processOf } from '../../../tools/node/processes.ts';
import { eventually } from '../../support/eventually.ts';
import { type Installation, install } from '../../support/node/installation.ts';
import { isReady, type Pod, restarts } from '../../support/node/release.ts';
import { applySamples, everyPackageIsIn } from '../../support/node/samples.ts';

// What kubelet and the scheduler do to pods, with the chart's default lease and probes.

const LIMIT_MS = 240_000;

let on: Installation;
beforeAll(async () => {
  on = await install({ namespace: 'patchgen-failures' });
  await applySamples(on.node);
});
afterAll(async () => on?.remove());

const podNamed = async (name: string): Promise<Pod | undefined> =>
  (await on.operator.pods()).find(({ metadata }) => metadata.name === name);

const twoReady = (): Promise<void> =>
  eventually(
    'two pods are ready',
    async () => {
      const pods = await on.operator.pods();
      return pods.length === 2 && pods.every(isReady);
    },
    LIMIT_MS,
  );

/** The operator's own process in a pod, as the machine numbers it. */
function operatorIn(pod: Pod | undefined): number {
  const pids = podProcesses(pod?.metadata.uid ?? '');
  const found = pids.find((pid) => processOf(pid)?.command.includes('/opt/patchgen/patchgen.mjs'));
  if (found === undefined) throw new Error(`no operator runs in ${pod?.metadata.name}`);
  return found;
}

test('a leader that is killed without notice is replaced after its lease', async () => {
  const old = await on.operator.leader();
  const holder = await lease();
  const begun = Date.now();
  process.kill(operatorIn(await podNamed(old)), 'SIGKILL');
  await eventually('another process leads', async () => (await lease()) !== holder);
  const next = await on.operator.leader();
  const led = Date.now() - begun;
  await everyPackageIsIn(on.node, on.operator, next);
  console.log(
    `Failover after a sudden death: another led after ${led} ms, with every package after ${Date.now() - begun} ms.`,
  );
  await twoReady();
  expect(restarts((await podNamed(old)) as Pod)).toBe(1);
});

test('a process that hangs is restarted by its liveness probe, while another leads', async () => {
  const old = await on.operator.leader();
  const before = restarts((await podNamed(old)) as Pod);
  const pid = operatorIn(await podNamed(old));
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => {
    if (processOf(pid) !== undefined) process.kill(pid, 'SIGCONT');
  });
  const begun = Date.now();
  const next = await on.operator.leaderAfter(old);
  expect(next).not.toBe(old);
  const restarted = async (): Promise<boolean> => restarts((await podNamed(old)) as Pod) > before;
  await eventually('kubelet restarts it', restarted, LIMIT_MS);
  console.log(`kubelet restarted a process that hung after ${Math.round((Date.now() - begun) / 1000)} s.`);
  await twoReady();
});

test('a drain takes one pod and not both, and ends once there is room for another', async () => {
  const { node } = on;
  const drain = ['drain', node.nodeName, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=15s'];
  onTestFinished(async () => {
    await node.kubectl(['uncordon', node.nodeName]);
  });
  const { code, stdout, stderr } = await node.kubectl(drain, { allowFailure: true });
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget");
  expect((await on.operator.pods()).filter(isReady)).toHaveLength(1);
  await node.kubectl(['uncordon', node.nodeName]);
  await twoReady();
});

test('an upgrade that does not get the memory it needs leaves the old pods at work', async () => {
  const { operator } = on;
  const values = { resources: { requests: { memory: '16Mi' }, limits: { memory: '32Mi' } } };
  const upgrade = operator.upgrade(values, { timeout: '1m' }).catch((error: unknown) => error as Error);
  const died = ({ status }: Pod): boolean =>
    (status.containerStatuses ?? []).some((it) => {
      const ended = it.lastState?.terminated ?? it.state?.terminated;
      return ended?.reason === 'OOMKilled';
    });
  await eventually('a new pod is killed for want of memory', async () => (await operator.pods()).some(died), LIMIT_MS);
  expect((await operator.pods()).filter(isReady).length).toBeGreaterThanOrEqual(1);
  expect(await upgrade).toBeInstanceOf(Error);
  await operator.helm('rollback', operator.name, '1', '--wait');
  await twoReady();
});

async function lease(): Promise<string> {
  const { namespace, fullname } = on.operator;
  return on.kubectl('get', 'lease', fullname, '-n', namespace, '-o', 'jsonpath={.spec.holderIdentity}');
}
