import { expect, test } from 'vitest';
import { intent } from '../../../support/intents.ts';
import { ReconcileWorld } from '../../../support/reconcile-world.ts';

test('in strict mode autoscalers that can not be read are waited for, since a right is granted without a change of the spec', async () => {
  const world = new ReconcileWorld();
  world.rules = { ...world.rules, strictMode: true };
  world.around.base = {
    ...{ state: 'found', uid: 'target-1', resourceVersion: '77', generation: 3 },
    ...{ replicas: 3, labels: {}, warnings: [] },
  };
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
