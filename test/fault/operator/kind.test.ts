import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { installCrds } from '../../../tools/control-plane/crds.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { readyIntents, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import { treeOf } from '../../support/tree.ts';

const FIVE = ['a', 'b', 'c', 'd', 'e'];

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  await world.namespace('kind');
  await world.namespace('other');
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

async function deleteKind(): Promise<void> {
  await world.plane.kubectl(['delete', '-f', 'crds', '--wait=true']);
}

const createKind = (): Promise<number> => installCrds(world.plane, 'crds');

interface Verbose {
  readonly status: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}

/** Compares the packages with how they are now, over and over; `stop` resolves to what differed at any time. */
function guardPackages(folder: string): { stop(): Promise<unknown[]> } {
  const before = JSON.stringify(treeOf(folder));
  const differences: unknown[] = [];
  const state = { done: false };
  const guarding = (async () => {
    while (!state.done) {
      const now = treeOf(folder);
      if (JSON.stringify(now) !== before) differences.push(now);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  guarding.catch((error: unknown) => differences.push(error));
  return {
    async stop() {
      state.done = true;
      await guarding.catch(() => {});
      return differences;
    },
  };
}

test('a kind that is absent at the start keeps the operator alive and not ready, which says why; once installed it works', async () => {
  await deleteKind();
  const operator = await world.launch({ flags: PATIENT_LEASE });
  await eventually('only the caches are missing', async () => {
    const { status, checks } = (await (await fetch(`${operator.probes}/readyz?verbose`)).json()) as Verbose;
    const failed = checks.filter(({ ok }) => !ok);
    return status === 'failed' && failed.length === 1 && failed[0]?.detail?.includes('kind-absent') === true;
  });
  expect((await fetch(`${operator.probes}/healthz`)).status).toBe(200);
  await createKind();
  await operator.untilReady();
  await readyIntents(world, 'kind', FIVE);
  expect(await operator.stop()).toBe(0);
});

test('a kind that is deleted and re-created with its five intents: no package changes or goes at any time, and all are Ready again', async () => {
  const operator = await world.start({ flags: PATIENT_LEASE });
  await readyIntents(world, 'kind', FIVE);
  const guard = guardPackages(join(world.packages, 'kind'));
  await deleteKind();
  await eventually(
    'the absence is noticed',
    async () => (await operator.metric('patchgen_removals_held{cause="kind"}')) === 5,
  );
  await createKind();
  await readyIntents(world, 'kind', FIVE);
  await eventually(
    'nothing is held any more',
    async () => (await operator.metric('patchgen_removals_held{cause="kind"}')) === 0,
  );
  expect(await guard.stop()).toEqual([]);
  expect(await operator.metric('patchgen_removals_total')).toBe(0);
  expect(await operator.stop()).toBe(0);
});

test('a kind that is deleted and re-created at once, with other intents: the packages stay, held until they are wanted again', async () => {
  const operator = await world.start({ flags: PATIENT_LEASE });
  await readyIntents(world, 'kind', FIVE);
  const guard = guardPackages(join(world.packages, 'kind'));
  await deleteKind();
  await createKind();
  await world.apply('other/new', scale('new', 1));
  await world.ready('other/new');
  await eventually(
    'all five are held',
    async () => (await operator.metric('patchgen_removals_held{cause="kind"}')) === 5,
  );
  await readyIntents(world, 'kind', FIVE);
  await eventually(
    'nothing is held',
    async () => (await operator.metric('patchgen_removals_held{cause="kind"}')) === 0,
  );
  expect(await guard.stop()).toEqual([]);
  expect(await operator.metric('patchgen_removals_total')).toBe(0);
  expect(await operator.stop()).toBe(0);
});

test('packages whose intents went while the operator was down and the kind absent are held as well', async () => {
  const first = await world.start({ flags: PATIENT_LEASE });
  await readyIntents(world, 'kind', FIVE);
  expect(await first.stop()).toBe(0);
  const guard = guardPackages(join(world.packages, 'kind'));
  await deleteKind();
  const operator = await world.launch({ flags: PATIENT_LEASE });
  await eventually('the absence is seen', () => operator.log.some(({ cause }) => cause === 'absent'));
  await createKind();
  await operator.untilReady();
  await world.apply('other/new', scale('new', 1));
  await world.ready('other/new');
  await eventually(
    'all five are held',
    async () => (await operator.metric('patchgen_removals_held{cause="kind"}')) === 5,
  );
  expect(await guard.stop()).toEqual([]);
  expect(await operator.stop()).toBe(0);
});
