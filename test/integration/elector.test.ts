import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Lease } from '../../src/runtime/lease.ts';
import { type ControlPlane, startControlPlane } from '../../tools/control-plane/control-plane.ts';
import { type CandidateProcess, leadingNow, overlaps, startCandidate } from '../support/candidates.ts';
import { type TcpGate, tcpGate } from '../support/tcp-gate.ts';

let plane: ControlPlane;
const running: CandidateProcess[] = [];
const gates: TcpGate[] = [];
let tests = 0;

beforeAll(async () => {
  plane = await startControlPlane();
}, 120_000);

afterAll(async () => {
  await plane?.stop();
});

afterEach(async () => {
  for (const one of running) one.signal('SIGKILL');
  await Promise.all(running.splice(0).map((one) => one.ended()));
  await Promise.all(gates.splice(0).map((gate) => gate.close()));
});

/** A lease of its own per test, and candidates for it. */
function election() {
  tests += 1;
  const name = `lease-${tests}`;
  const start = (identity: string, kubeconfig = plane.kubeconfig): CandidateProcess => {
    const candidate = startCandidate({ kubeconfig, namespace: 'default', name, identity });
    running.push(candidate);
    return candidate;
  };
  const lease = async (): Promise<Lease> => {
    const { stdout } = await plane.kubectl(['get', 'lease', name, '-n', 'default', '-o', 'json']);
    return JSON.parse(stdout) as Lease;
  };
  const patch = (spec: object) =>
    plane.kubectl(['patch', 'lease', name, '-n', 'default', '--type=merge', '-p', JSON.stringify({ spec })]);
  return { name, start, lease, patch };
}

const eventually = (assertion: () => unknown): Promise<unknown> =>
  vi.waitFor(assertion, { timeout: 40_000, interval: 50 });
const leads = (candidate: CandidateProcess): Promise<unknown> =>
  eventually(() => expect(candidate.said('elected')).toBe(1));
/** Long enough for every candidate to look again. */
const aWhile = (ms = 1500): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('of three processes one leads; when it is killed another one does; never two', async () => {
  const { start, lease } = election();
  const all = ['a', 'b', 'c'].map((identity) => start(identity));
  await eventually(() => expect(all.filter((one) => one.said('elected') === 1).length).toBe(1));
  await aWhile();
  const first = all.find((one) => one.said('elected') === 1);
  expect((await lease()).spec).toMatchObject({
    holderIdentity: first?.identity,
    leaseDurationSeconds: 3,
    leaseTransitions: 0,
  });
  first?.signal('SIGKILL');
  await eventually(() => expect(all.filter((one) => one.said('elected') === 1).length).toBe(2));
  await aWhile();
  expect(all.filter((one) => one.said('elected') === 1).length).toBe(2);
  expect((await lease()).spec?.leaseTransitions).toBe(1);
  expect(overlaps(all)).toEqual([]);
}, 120_000);

test('a leader that was stopped for longer than its lease lost it, and leads no more when it goes on', async () => {
  const { start } = election();
  const a = start('a');
  await leads(a);
  const b = start('b');
  await aWhile();
  a.signal('SIGSTOP');
  await leads(b);
  a.signal('SIGCONT');
  await eventually(() => expect(a.said('lost')).toBe(1));
  await aWhile(2500);
  expect([a.said('elected'), b.said('elected'), b.said('lost')]).toEqual([1, 1, 0]);
  expect(overlaps([a, b])).toEqual([]);
}, 120_000);

test('a leader that goes leaves an empty lease, and the next one takes it', async () => {
  const { start, lease } = election();
  const a = start('a');
  await leads(a);
  a.signal('SIGTERM');
  await a.ended();
  expect(a.said('released')).toBe(1);
  expect((await lease()).spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
  const b = start('b');
  await leads(b);
  expect((await lease()).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  expect(a.said('lost')).toBe(0);
}, 120_000);

test('a lease that somebody deletes is made anew by its leader, and nobody else leads meanwhile', async () => {
  const { name, start, lease } = election();
  const a = start('a');
  await leads(a);
  const b = start('b');
  await aWhile();
  await plane.kubectl(['delete', 'lease', name, '-n', 'default']);
  await aWhile(4500);
  expect((await lease()).spec?.holderIdentity).toBe('a');
  expect([a.said('lost'), b.said('elected')]).toEqual([0, 0]);
  expect(overlaps([a, b])).toEqual([]);
}, 120_000);

test('a lease that somebody gives to nobody known ends its leader, and another one leads after a term', async () => {
  const { start, patch } = election();
  const a = start('a');
  await leads(a);
  const b = start('b');
  await aWhile();
  await patch({ holderIdentity: 'somebody', leaseDurationSeconds: 1_000_000 });
  await eventually(() => expect(a.said('lost')).toBe(1));
  await leads(b);
  expect(overlaps([a, b])).toEqual([]);
}, 120_000);

test('a lease whose holder somebody removes is taken back by its leader', async () => {
  const { start, patch, lease } = election();
  const a = start('a');
  await leads(a);
  const b = start('b');
  await aWhile();
  await patch({ holderIdentity: '' });
  await aWhile(4500);
  expect((await lease()).spec?.holderIdentity).toBe('a');
  expect([a.said('lost'), b.said('elected')]).toEqual([0, 0]);
}, 120_000);

test('a leader that is cut off from the server stops before another one starts, and stays a follower when it is back', async () => {
  const { name, start } = election();
  const gate = await tcpGate(Number(new URL(plane.server).port));
  gates.push(gate);
  const behind = join(plane.dir, `${name}.kubeconfig`);
  const direct = await readFile(plane.kubeconfig, 'utf8');
  await writeFile(behind, direct.replaceAll(plane.server, `https://127.0.0.1:${gate.port}`));
  const a = start('a', behind);
  await leads(a);
  const b = start('b');
  await aWhile();
  gate.shut();
  await leads(b);
  expect(a.said('lost')).toBe(1);
  gate.open();
  await aWhile(2500);
  expect([a.said('elected'), b.said('lost')]).toEqual([1, 0]);
  expect(overlaps([a, b])).toEqual([]);
}, 120_000);

test('a candidate without rights waits, and leads soon after it gets them', async () => {
  const { name, start } = election();
  const a = start('a', await plane.kubeconfigFor(`candidate-${name}`));
  await eventually(() => expect(a.said('started')).toBe(1));
  await aWhile();
  expect(a.said('elected')).toBe(0);
  await plane.kubectl(['create', 'role', name, '-n', 'default', '--verb=get,create,update', '--resource=leases']);
  const binding = ['create', 'rolebinding', name, '-n', 'default', `--role=${name}`, `--user=candidate-${name}`];
  await plane.kubectl(binding);
  await leads(a);
}, 120_000);

test('after the API server was killed and started again there is one leader, and never two', async () => {
  const { start } = election();
  const a = start('a');
  await leads(a);
  const b = start('b');
  await aWhile();
  await plane.killApiServer();
  await plane.startApiServer();
  // Back within the deadline a goes on; where the machine was slower, b takes over.
  await eventually(() => expect(leadingNow([a, b])).toEqual([a.said('lost') === 0 ? 'a' : 'b']));
  await aWhile(3500);
  expect(leadingNow([a, b])).toEqual([a.said('lost') === 0 ? 'a' : 'b']);
  expect(overlaps([a, b])).toEqual([]);
}, 120_000);
