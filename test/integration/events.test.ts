import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { loadAccess } from '../../src/platform/kubernetes/access.ts';
import { createKubeClient, type HttpKubeClient } from '../../src/platform/kubernetes/http-client.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type DropReason, type EmittedEvent, type EventRecorder, startEvents } from '../../src/runtime/events.ts';
import { type ControlPlane, startControlPlane } from '../../tools/control-plane/control-plane.ts';

let plane: ControlPlane;
const clients: HttpKubeClient[] = [];
const recorders: EventRecorder[] = [];

beforeAll(async () => {
  plane = await startControlPlane({ controllerManager: true });
}, 120_000);

afterAll(async () => {
  await Promise.all(recorders.map((recorder) => recorder.stop()));
  await Promise.all(clients.map((client) => client.close()));
  await plane?.stop();
});

interface Told {
  sent: number;
  readonly dropped: DropReason[];
}

async function recorderFor(kubeconfig = plane.kubeconfig): Promise<{ recorder: EventRecorder; told: Told }> {
  const client = createKubeClient(await loadAccess({ kubeconfig, env: {} }), {
    clock: systemClock,
    userAgent: 'events-test',
  });
  const told: Told = { sent: 0, dropped: [] };
  const recorder = startEvents({
    client,
    reportingController: 'patchgen.dev/controller',
    reportingInstance: 'patchgen-0',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: {
      sent: () => {
        told.sent += 1;
      },
      aggregated() {},
      dropped: (why) => told.dropped.push(why),
    },
  });
  clients.push(client);
  recorders.push(recorder);
  return { recorder, told };
}

/** A ConfigMap to tell of: any object will do, and this one needs no CRD. */
async function subject(namespace: string, name: string): Promise<EmittedEvent['regarding']> {
  await plane.kubectl(['create', 'configmap', name, '-n', namespace]);
  const { stdout } = await plane.kubectl(['get', 'configmap', name, '-n', namespace, '-o', 'jsonpath={.metadata.uid}']);
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace, name, uid: stdout };
}

const written = (regarding: EmittedEvent['regarding'], note = 'replicas → 5'): EmittedEvent => ({
  regarding,
  type: 'Normal',
  reason: 'PackageWritten',
  action: 'Publish',
  note,
});

const json = async (args: string[]): Promise<{ items: Record<string, unknown>[] }> =>
  JSON.parse((await plane.kubectl([...args, '-o', 'json'])).stdout);

test('kubectl describe and kubectl events show what happened to an object', async () => {
  const { recorder, told } = await recorderFor();
  const web = await subject('default', 'web');
  recorder.emit(written(web));
  recorder.emit({ ...written(web, 'no space left on the volume'), type: 'Warning', reason: 'StorageFull' });
  await recorder.flush(20_000);
  expect(told).toEqual({ sent: 2, dropped: [] });
  const described = (await plane.kubectl(['describe', 'configmap', 'web', '-n', 'default'])).stdout;
  expect(described).toMatch(/Normal\s+PackageWritten\s+\S+\s+patchgen\.dev\/controller\s+replicas → 5/);
  expect(described).toMatch(/Warning\s+StorageFull\s+\S+\s+patchgen\.dev\/controller\s+no space left on the volume/);
  const listed = (await plane.kubectl(['events', '-n', 'default', '--for', 'configmap/web'])).stdout;
  expect(listed).toMatch(/Normal\s+PackageWritten\s+ConfigMap\/web\s+replicas → 5/);
}, 60_000);

test('equal events are one Event with a series, and describe counts them', async () => {
  const { recorder } = await recorderFor();
  const api = await subject('default', 'api');
  recorder.emit(written(api));
  await recorder.flush(20_000);
  for (let n = 0; n < 4; n += 1) recorder.emit(written(api));
  await recorder.flush(20_000);
  const { items } = await json([
    'get',
    'events.events.k8s.io',
    '-n',
    'default',
    '--field-selector',
    'reason=PackageWritten,regarding.name=api',
  ]);
  expect(items).toMatchObject([{ series: { count: 5 }, note: 'replicas → 5' }]);
  expect((await plane.kubectl(['describe', 'configmap', 'api', '-n', 'default'])).stdout).toMatch(/\(x5 over/);
}, 60_000);

test('the server takes notes, names and instances at and beyond every limit', async () => {
  const { recorder, told } = await recorderFor();
  const name = `${'n'.repeat(240)}.${'m'.repeat(12)}`;
  const long = await subject('default', name);
  recorder.emit(written(long, 'x'.repeat(1024)));
  recorder.emit(written(long, '😀'.repeat(600)));
  recorder.emit(written(long, ''));
  recorder.emit({ ...written(long), reason: 'R'.repeat(200), action: 'A'.repeat(200) });
  await recorder.flush(20_000);
  expect(told).toEqual({ sent: 4, dropped: [] });
}, 60_000);

test('without the right to write Events each one is dropped, and the next one is sent once the right is there', async () => {
  const { recorder, told } = await recorderFor(await plane.kubeconfigFor('teller'));
  const db = await subject('default', 'db');
  recorder.emit(written(db));
  await recorder.flush(20_000);
  expect(told).toEqual({ sent: 0, dropped: ['forbidden'] });
  await plane.kubectl(['create', 'clusterrole', 'teller', '--verb=create,patch', '--resource=events.events.k8s.io']);
  await plane.kubectl(['create', 'clusterrolebinding', 'teller', '--clusterrole=teller', '--user=teller']);
  await vi.waitFor(
    async () => {
      recorder.emit(written(db));
      await recorder.flush(20_000);
      expect(told.sent).toBe(1);
    },
    { timeout: 20_000, interval: 200 },
  );
}, 60_000);

test('in a namespace that is being deleted an Event is refused and nothing waits for it', async () => {
  const { recorder, told } = await recorderFor();
  await plane.kubectl(['create', 'namespace', 'leaving']);
  const held = await subject('leaving', 'held');
  const finalizers = JSON.stringify({ metadata: { finalizers: ['example.dev/hold'] } });
  await plane.kubectl(['patch', 'configmap', 'held', '-n', 'leaving', '--type=merge', '-p', finalizers]);
  await plane.kubectl(['delete', 'namespace', 'leaving', '--wait=false']);
  recorder.emit(written(held));
  recorder.emit(written(await subject('default', 'staying')));
  await recorder.flush(20_000);
  expect(told).toEqual({ sent: 1, dropped: ['forbidden'] });
  await plane.kubectl([
    'patch',
    'configmap',
    'held',
    '-n',
    'leaving',
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":null}}',
  ]);
}, 60_000);

test('in a namespace that does not exist an Event is dropped', async () => {
  const { recorder, told } = await recorderFor();
  recorder.emit(written({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'nowhere', name: 'web' }));
  await recorder.flush(20_000);
  expect(told).toEqual({ sent: 0, dropped: ['gone'] });
}, 60_000);

test('an Event that somebody deleted comes back with its count when it happens again', async () => {
  const { recorder } = await recorderFor();
  const cache = await subject('default', 'cache');
  recorder.emit(written(cache));
  await recorder.flush(20_000);
  await plane.kubectl(['delete', 'events.events.k8s.io', '-n', 'default', '--field-selector', 'regarding.name=cache']);
  recorder.emit(written(cache));
  await recorder.flush(20_000);
  const { items } = await json([
    'get',
    'events.events.k8s.io',
    '-n',
    'default',
    '--field-selector',
    'regarding.name=cache',
  ]);
  expect(items).toMatchObject([{ series: { count: 2 } }]);
}, 60_000);

test('events during an outage of the server are sent when it is back, or dropped with a count', async () => {
  const { recorder, told } = await recorderFor();
  const web = await subject('default', 'outage');
  await plane.killApiServer();
  recorder.emit(written(web));
  await plane.startApiServer();
  await recorder.flush(60_000);
  expect(told.sent + told.dropped.length).toBe(1);
  recorder.emit(written(web, 'after the outage'));
  await recorder.flush(60_000);
  expect(told.sent).toBeGreaterThanOrEqual(1);
}, 120_000);
