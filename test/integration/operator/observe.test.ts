import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { allReady, eventsIn, proxiedServer, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  for (const name of ['seen', 'secret', 'piped']) await world.namespace(name);
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const metricsOf = async (operator: OperatorProcess): Promise<string> => (await fetch(operator.metricsUrl)).text();
/** Names and labels of all series, without those that Node.js tells of itself. */
async function seriesOf(operator: OperatorProcess): Promise<string[]> {
  const lines = (await metricsOf(operator)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.slice(0, line.lastIndexOf(' '))).filter((name) => !name.startsWith('nodejs_'));
}

test('every series is there before the first intent, and 300 intents add none but answers of the API server', async () => {
  const operator = await world.start({ flags: PATIENT_LEASE });
  await eventually('it leads', () => operator.log.some(({ msg }) => msg.startsWith('leading')));
  const before = await seriesOf(operator);
  const names = Array.from({ length: 300 }, (_, i) => `cardinal-${i}`);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < names.length; i = next++)
      await world.apply(`seen/${names[i]}`, scale(`target-${i}`, i % 100));
  };
  await Promise.all(Array.from({ length: 12 }, lane));
  await allReady(world, 'seen', names.length);
  await world.apply('seen/bad', { ...scale('bad', 1), targetKind: 'DaemonSet' });
  await world.until('seen/bad', 'is refused', (it) => readyWords(it) === 'False UnsupportedTargetKind');
  for (const name of names.slice(0, 5)) await world.remove(`seen/${name}`);
  await eventually('packages go', async () => (await operator.metric('patchgen_removals_total')) === 5);
  const after = await seriesOf(operator);
  expect(new Set(after).size).toBe(after.length);
  expect(before.filter((name) => !after.includes(name))).toEqual([]);
  const added = after.filter((name) => !before.includes(name));
  expect(added.filter((name) => !/^rest_client_requests_total\{code="\d{3}",/.test(name))).toEqual([]);
  expect(added.length).toBeLessThan(8);
  expect(after.join('\n')).not.toMatch(/cardinal|target-\d|seen/);
  expect(await operator.metric('patchgen_packages')).toBe(295);
  expect(await operator.metric('patchgen_intents{ready="True"}')).toBe(295);
  expect(await operator.metric('patchgen_intents{ready="False"}')).toBe(1);
  expect(await operator.stop()).toBe(0);
});

test('readyz tells its checks as JSON when asked to be verbose', async () => {
  const operator = await world.start({ flags: PATIENT_LEASE });
  const answer = await fetch(`${operator.probes}/readyz?verbose`);
  expect(answer.headers.get('content-type')).toContain('application/json');
  const { status, checks } = (await answer.json()) as {
    status: string;
    checks: { name: string; ok: boolean; detail: string }[];
  };
  expect(status).toBe('ok');
  expect(checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
    'shutdown true',
    'caches true',
    'storage true',
    'root true',
  ]);
  expect(checks.find(({ name }) => name === 'caches')?.detail).toBe('296 intents');
  expect(await operator.stop()).toBe(0);
});

test('the token is in no log, event, status or metric, not even where a server sends it back', async () => {
  const proxy = await proxiedServer(world.plane);
  const raw = join(world.volume(), 'log');
  const flags = [...PATIENT_LEASE, '--debug', '--watch-namespaces', 'secret', '--leader-election-id', 'secret'];
  const { token } = await world.account(flags);
  const operator = await world.start({
    server: proxy.url,
    outputDir: world.volume(),
    flags,
    under: ['bash', '-c', 'exec "$@" 2> >(tee "$0" >&2)', raw],
  });
  let left = 6;
  const message = `denied: Authorization: Bearer ${token}`;
  const undo = proxy.add(({ method }) =>
    method !== 'GET' && left-- > 0 ? { kind: 'answer', status: 500, body: { kind: 'Status', message } } : undefined,
  );
  await readyIntents(world, 'secret', ['a', 'b', 'c']);
  await eventually('all answers went out', () => left <= 0);
  undo();
  proxy.cutWatches();
  await world.apply('secret/d', scale('d', 1));
  await world.ready('secret/d');
  await eventually('the event', async () =>
    (await eventsIn(world.plane, 'secret')).some(({ regarding }) => regarding.name === 'd'),
  );
  const metrics = await metricsOf(operator);
  expect(await operator.stop()).toBe(0);
  const log = readFileSync(raw, 'utf8');
  expect(log).toContain('denied: Authorization: Bearer [redacted]');
  const told = JSON.stringify([await eventsIn(world.plane, 'secret'), await world.list('secret')]);
  for (const text of [log, told, metrics]) expect(text.includes(token)).toBe(false);
  await proxy.stop();
});

test('a log whose reader went away stops nothing: lines are dropped and counted, intents become packages', async () => {
  const operator = await world.start({
    flags: [...PATIENT_LEASE, '--watch-namespaces', 'piped', '--leader-election-id', 'piped'],
    outputDir: world.volume(),
    under: ['bash', '-c', 'exec "$@" 2> >(sed -u "/self-test passed/q" >&2)', 'bash'],
  });
  await readyIntents(world, 'piped', ['a', 'b', 'c']);
  expect(await operator.metric('patchgen_log_lines_dropped')).toBeGreaterThan(0);
  expect(await operator.stop()).toBe(0);
});
