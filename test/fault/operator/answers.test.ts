import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import type { Fault, FaultProxy } from '../../support/fault-proxy.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { allReady, eventsIn, proxiedServer, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';

// What the API server answers, or does not, to an operator that reaches it through a proxy.

let world: OperatorWorld;
let proxy: FaultProxy;
let operator: OperatorProcess;
let namespace: string;
let count = 0;
beforeAll(async () => {
  world = await operatorWorld();
  proxy = await proxiedServer(world.plane);
  operator = await world.start({ server: proxy.url, flags: [...PATIENT_LEASE, '--workers', '4'] });
});
afterAll(async () => {
  await world?.stop();
  await proxy?.stop();
});
beforeEach(async () => {
  count += 1;
  namespace = `answers-${count}`;
  await world.namespace(namespace);
});
afterEach(() => {
  expect(world.statuses.findings).toEqual([]);
  expect(operator.child.exitCode).toBeNull();
});

const isStatusOf = (path: string, name: string): boolean => path.endsWith(`/${namespace}/patchintents/${name}/status`);
const putsOf = (name: string): number =>
  proxy.seen.filter(({ method, path }) => method === 'PUT' && isStatusOf(path, name)).length;

/** Meets the next `times` status writes of an object with a fault. */
function faulty(name: string, times: number, fault: Fault): () => void {
  let left = times;
  return proxy.add(({ method, path }) => {
    if (method !== 'PUT' || !isStatusOf(path, name) || left === 0) return undefined;
    left -= 1;
    return fault;
  });
}

function refusal(code: number, reason: string, headers: Record<string, string> = {}): Fault {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: 'by the test' };
  return { kind: 'answer', status: code, headers, body };
}

const told = async (name: string): Promise<string[]> =>
  (await eventsIn(world.plane, namespace))
    .filter(({ regarding }) => regarding.name === name)
    .map(({ reason, series }) => `${reason} ×${series?.count ?? 1}`);
/** Status writes that the server carried out for one object. */
const effective = (name: string): number =>
  world
    .audit()
    .records.filter(
      ({ objectRef, responseStatus }) =>
        objectRef?.namespace === namespace &&
        objectRef.name === name &&
        objectRef.subresource === 'status' &&
        responseStatus?.code === 200,
    ).length;

test.each([1, 12])('%i conflicts in a row: read again, written once, told once', async (times) => {
  const undo = faulty('web', times, refusal(409, 'Conflict'));
  await readyIntents(world, namespace, ['web']);
  undo();
  expect(putsOf('web')).toBe(times + 1);
  expect(effective('web')).toBe(1);
  await eventually('the event', async () => (await told('web')).length > 0);
  expect(await told('web')).toEqual(['PackageWritten ×1']);
});

test.each([
  ['in seconds', () => '1'],
  ['as a date', () => new Date(Date.now() + 2_000).toUTCString()],
])('429 with Retry-After %s: tried once more when the time has come', async (_, after) => {
  const undo = faulty('web', 1, refusal(429, 'TooManyRequests', { 'retry-after': after() }));
  await readyIntents(world, namespace, ['web']);
  undo();
  expect(putsOf('web')).toBe(2);
  expect(effective('web')).toBe(1);
});

test('429 with a long Retry-After: not tried before, others go on, and a change of the spec does not wait for it', async () => {
  const undo = faulty('web', 1, refusal(429, 'TooManyRequests', { 'retry-after': '3600' }));
  await world.apply(`${namespace}/web`, scale('web', 1));
  await readyIntents(
    world,
    namespace,
    Array.from({ length: 20 }, (_, i) => `i-${i}`),
  );
  expect(putsOf('web')).toBe(1);
  undo();
  await world.apply(`${namespace}/web`, scale('web', 2));
  await world.ready(`${namespace}/web`);
  expect(effective('web')).toBe(1);
});

test('a storm of errors is met with growing pauses, and ends with one write and one event each', async () => {
  const names = Array.from({ length: 10 }, (_, i) => `i-${i}`);
  const codes = [500, 502, 503, 504];
  let met = 0;
  const undo = proxy.add(({ method, path }) =>
    method === 'PUT' && names.some((name) => isStatusOf(path, name))
      ? refusal(codes[met++ % codes.length] ?? 500, 'InternalError')
      : undefined,
  );
  for (const [i, name] of names.entries()) await world.apply(`${namespace}/${name}`, scale(name, i));
  await eventually('each was tried several times', () => names.every((name) => putsOf(name) >= 8));
  undo();
  // 5 ms doubled per try: by the time that the slowest has its eighth, nobody can have had twice as many.
  for (const name of names) expect(putsOf(name)).toBeLessThanOrEqual(16);
  await allReady(world, namespace, names.length);
  for (const name of names) expect(effective(name)).toBe(1);
  await eventually('the events', async () => (await eventsIn(world.plane, namespace)).length === names.length);
});

test('an answer that got lost after the write costs at most one more request; the status is written once', async () => {
  const undo = faulty('web', 1, { kind: 'lose-answer' });
  await readyIntents(world, namespace, ['web']);
  await readyIntents(world, namespace, ['other']);
  undo();
  // No second one where the watch shows the first before the next try.
  expect(putsOf('web')).toBeLessThanOrEqual(2);
  expect(effective('web')).toBe(1);
  expect(world.statuses.words(`${namespace}/web`)).toEqual(['True PackageWritten']);
  expect((await told('web')).length).toBeLessThanOrEqual(1);
});

test('an Event whose answer got lost is there once', async () => {
  // The storm before has used up the places for Events of this reason; five come back each second.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  let left = 1;
  const undo = proxy.add(({ method, path }) =>
    method === 'POST' && path.includes(`/${namespace}/events`) && left-- > 0 ? { kind: 'lose-answer' } : undefined,
  );
  await readyIntents(world, namespace, ['web', 'next']);
  await eventually('the next event', async () => (await told('next')).length > 0);
  undo();
  expect(await told('web')).toEqual(['PackageWritten ×1']);
});

test('one object whose status write hangs delays no other', async () => {
  const gate = Promise.withResolvers<void>();
  const undo = faulty('slow', 1, { kind: 'hold', until: gate.promise });
  await world.apply(`${namespace}/slow`, scale('slow', 1));
  await eventually('it hangs', () => putsOf('slow') === 1);
  await readyIntents(
    world,
    namespace,
    Array.from({ length: 40 }, (_, i) => `i-${i}`),
  );
  expect(putsOf('slow')).toBe(1);
  expect(effective('slow')).toBe(0);
  gate.resolve();
  undo();
  await world.ready(`${namespace}/slow`);
});

test('a live read that fails is no news for the object: no status tells of it', async () => {
  await readyIntents(world, namespace, ['web']);
  const undo = proxy.add(({ method, path }) =>
    method === 'GET' && path.endsWith(`/${namespace}/patchintents/web`) ? refusal(500, 'InternalError') : undefined,
  );
  const conflicts = faulty('web', 3, refusal(409, 'Conflict'));
  await world.apply(`${namespace}/web`, scale('web', 5));
  await eventually('the read failed', () =>
    proxy.seen.some(({ method, path }) => method === 'GET' && path.endsWith(`/${namespace}/patchintents/web`)),
  );
  await world.ready(`${namespace}/web`);
  undo();
  conflicts();
  expect(world.statuses.words(`${namespace}/web`)).toEqual(['True PackageWritten', 'True PackageWritten']);
});

/** Intents, policies, approvals, namespaces, autoscalers. */
const WATCHES = 5;

test('a thousand writes open no more connections than the pool has, and one for each watch', async () => {
  expect(await operator.stop()).toBe(0);
  const counted = await proxiedServer(world.plane);
  operator = await world.start({ server: counted.url, flags: PATIENT_LEASE });
  const names = Array.from({ length: 200 }, (_, i) => `i-${i}`);
  for (let turn = 0; turn < 5; turn += 1) {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let i = next++; i < names.length; i = next++)
        await world.apply(`${namespace}/i-${i}`, scale(`app-${i}`, turn));
    };
    await Promise.all(Array.from({ length: 12 }, lane));
    await allReady(world, namespace, names.length);
  }
  const writes = counted.seen.filter(({ method, path }) => method === 'PUT' && path.endsWith('/status'));
  expect(writes.length).toBeGreaterThanOrEqual(1_000);
  expect(counted.openedConnections).toBeLessThanOrEqual(16 + WATCHES);
  await counted.stop();
});
