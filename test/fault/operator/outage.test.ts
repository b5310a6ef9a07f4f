import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { PATIENT_LEASE, QUICK_LEASE } from '../../support/lease-flags.ts';
import { allReady, readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, isReady, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import { treeOf } from '../../support/tree.ts';

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  await world.namespace('outage');
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

/** Asks /healthz without a pause; every answer must be 200. */
function watchHealth(operator: OperatorProcess): { readonly answers: number[]; stop(): Promise<void> } {
  const answers: number[] = [];
  const state = { done: false };
  const asking = (async () => {
    while (!state.done) {
      answers.push(
        await fetch(`${operator.probes}/healthz`).then(
          ({ status }) => status,
          () => 0,
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    answers,
    async stop() {
      state.done = true;
      await asking;
    },
  };
}

/** Applies intents without a pause and tries each again until the server takes it. */
function load(namespace: string): { readonly names: string[]; stop(): Promise<void> } {
  const names: string[] = [];
  const state = { done: false };
  const applying = (async () => {
    for (let i = 0; !state.done; i += 1) {
      const name = `load-${i}`;
      names.push(name);
      const taken = (): Promise<boolean> =>
        world.apply(`${namespace}/${name}`, scale(name, i % 100)).then(
          () => true,
          () => false,
        );
      await eventually(`${name} is taken`, taken, 120_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    names,
    async stop() {
      state.done = true;
      await applying;
    },
  };
}

test('an API server that is killed and started again under load costs nothing: alive throughout, all Ready again, no package lost', async () => {
  const operator = await world.start({ flags: PATIENT_LEASE });
  await readyIntents(world, 'outage', ['a', 'b', 'c']);
  const before = treeOf(join(world.packages, 'outage'));
  const health = watchHealth(operator);
  for (let times = 0; times < 2; times += 1) {
    const busy = load('outage');
    await eventually('some are on their way', () => busy.names.length > 5);
    await world.plane.killApiServer();
    expect((await fetch(`${operator.probes}/readyz`)).status).toBe(200);
    expect(treeOf(join(world.packages, 'outage'))).toMatchObject(before);
    await world.plane.startApiServer();
    await eventually('more are created afterwards', () => busy.names.length > 15);
    await busy.stop();
  }
  const count = (await world.list('outage')).length;
  await allReady(world, 'outage', count);
  await health.stop();
  expect(readdirSync(join(world.packages, 'outage'))).toHaveLength(count);
  expect(treeOf(join(world.packages, 'outage'))).toMatchObject(before);
  expect(new Set(health.answers)).toEqual(new Set([200]));
  expect(operator.child.exitCode).toBeNull();
  expect(await operator.stop()).toBe(0);
});

test('an operator that starts while the API server is down waits for it, alive and not ready', async () => {
  await world.plane.killApiServer();
  const operator = await world.launch({ flags: PATIENT_LEASE });
  await eventually('it says why', async () =>
    (await (await fetch(`${operator.probes}/readyz?verbose`)).text()).includes('ECONNREFUSED'),
  );
  expect((await fetch(`${operator.probes}/healthz`)).status).toBe(200);
  await world.plane.startApiServer();
  await operator.untilReady();
  await world.apply('outage/late', scale('late', 1));
  await world.ready('outage/late');
  expect(await operator.stop()).toBe(0);
});

test('etcd that hangs for longer than the lease ends the leader with code 64, and nothing is written afterwards', async () => {
  const operator = await world.start({ flags: QUICK_LEASE });
  await world.apply('outage/last', scale('last', 1));
  await world.ready('outage/last');
  const before = treeOf(join(world.packages, 'outage'));
  process.kill(world.plane.etcdPid, 'SIGSTOP');
  expect(await operator.exited).toBe(64);
  expect(operator.log.at(-1)?.msg).toContain('the lease is lost');
  expect(treeOf(join(world.packages, 'outage'))).toEqual(before);
  process.kill(world.plane.etcdPid, 'SIGCONT');
  const next = await world.start({ flags: QUICK_LEASE });
  await world.apply('outage/after', scale('after', 1));
  await world.ready('outage/after');
  expect((await world.list('outage')).every(isReady)).toBe(true);
  expect(await next.stop()).toBe(0);
});
