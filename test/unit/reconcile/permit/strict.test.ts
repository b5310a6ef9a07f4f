import { describe, expect, test } from 'vitest';
import type { FoundBase } from '../../../../src/reconcile/plan/base.ts';
import { intent } from '../../../support/intents.ts';
import { ReconcileWorld } from '../../../support/reconcile-world.ts';

const found: FoundBase = {
  ...{ state: 'found', uid: 'target-1', resourceVersion: '77', generation: 3 },
  ...{ replicas: 3, labels: {}, warnings: [] },
};

describe('in strict mode what the API server says to the patch', () => {
  const right = 'no dry run of the patch: the operator may not patch deployments of apps in namespace shop';
  const deaf = 'no dry run of the patch: admission webhook "guard" does not support dry run';

  test.each([
    ['a warning', ['the API server warns: no more than ten'], 'DryRunRefused'],
    ['a right that is missing', [right], 'TargetUnreadable'],
    ['a webhook that can not take part', [deaf], 'DryRunRefused'],
  ])('is waited for and asked again without a change of the spec: %s', async (_name, said, reason) => {
    const world = new ReconcileWorld();
    world.rules = { ...world.rules, strictMode: true };
    world.around.base = found;
    world.around.dryRun = () => said;
    world.put(intent());
    expect(await world.run()).toEqual({ next: 'after', ms: 60_000 });
    expect(world.ready()).toMatchObject({ status: 'False', reason, message: `strict mode: ${said.join('; ')}` });
    expect(world.packages.size).toBe(0);
    world.around.dryRun = () => [];
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'PackageWritten' });
  });

  test('is a warning where the mode is another one', async () => {
    const world = new ReconcileWorld();
    world.around.base = found;
    world.around.dryRun = () => [right];
    world.put(intent());
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'PackageWritten' });
  });
});

test('in strict mode autoscalers that can not be read are waited for, since a right is granted without a change of the spec', async () => {
  const world = new ReconcileWorld();
  world.rules = { ...world.rules, strictMode: true };
  world.around.base = found;
  world.around.autoscalersUnknown = 'horizontalpodautoscalers can not be read';
  world.put(intent());
  expect(await world.run()).toMatchObject({ next: 'after' });
  expect(world.ready()).toMatchObject({
    status: 'False',
    reason: 'TargetUnreadable',
    message: 'strict mode: horizontalpodautoscalers can not be read',
  });
  expect(world.status().conditions?.some(({ type }) => type === 'Stalled')).toBe(false);
  world.around.autoscalersUnknown = undefined;
  await world.run();
  expect(world.ready()).toMatchObject({ status: 'True', reason: 'PackageWritten' });
});
