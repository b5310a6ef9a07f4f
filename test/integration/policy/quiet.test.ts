import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../src/api/schema/patchpolicy.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { inWords } from '../../support/audit.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { eventsIn, scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';
import {
  afterRuns,
  inNamespace,
  makeDeployment,
  makeHpa,
  makePolicy,
  policyReady,
  removePolicy,
  said,
  told,
  writesIn,
} from '../../support/safety-scenes.ts';
import { treeOf } from '../../support/tree.ts';

// What is held is held in silence: looking again and again writes nothing.

const ALWAYS = { effect: 'Deny', schedule: '0 0 * * *', duration: '24h' } as const;

/** In a namespace of each name there is one intent, under one policy; what it says in the end. */
const HELD: Readonly<Record<string, { readonly spec: PatchPolicySpec; readonly says: string }>> = {
  refused: { spec: { replicas: { max: 4 } }, says: 'False PolicyDenied' },
  outside: { spec: { windows: [ALWAYS] }, says: 'False OutsideWindow' },
  limited: { spec: { rate: { perNamespacePerHour: 1 } }, says: 'False RateLimited' },
  unapproved: { spec: { approval: { mode: 'Always' } }, says: 'False AwaitingApproval' },
  unusable: { spec: { windows: [{ ...ALWAYS, timeZone: 'Mars/Olympus' }] }, says: 'False PolicyUnresolved' },
  stormy: { spec: { storm: { failures: 1, window: '10m', coolDown: '1h' } }, says: 'False StormBrake' },
  scaled: { spec: { replicas: { max: 90 } }, says: 'False ManagedByAutoscaler' },
  warned: { spec: { autoscaler: 'Warn', rate: { perTargetPerHour: 9 } }, says: 'True PackageWritten' },
  'refused-later': { spec: { replicas: { max: 90 } }, says: 'False PolicyDenied' },
};
const NAMES = Object.keys(HELD);
const of = (name: string) => HELD[name] ?? { spec: {}, says: '' };

let world: OperatorWorld;
let operator: OperatorProcess;
beforeAll(async () => {
  world = await operatorWorld();
  for (const name of NAMES) {
    await world.namespace(name);
    await makeDeployment(world, name, 'web');
    await makePolicy(world, name, { match: inNamespace(name), ...of(name).spec });
  }
  for (const name of ['scaled', 'warned']) await makeHpa(world, name, 'busy', 'web');
  mkdirSync(join(world.packages, 'stormy/web/foreign'), { recursive: true });
  operator = await world.start({ flags: [...PATIENT_LEASE, '--resync-interval', '100ms'] });
  for (const name of NAMES) await policyReady(world, name, name === 'unusable' ? 'PolicyInvalid' : 'PolicyReady');
  await world.apply('limited/first', scale('first', 5));
  await world.ready('limited/first');
  for (const name of NAMES) await world.apply(`${name}/web`, scale('web', 5));
  await world.ready('refused-later/web');
  await makePolicy(world, 'refused-later', { match: inNamespace('refused-later'), replicas: { max: 4 } });
});
afterAll(async () => world?.stop());

test('over many looks at intents that are held in every way nothing is written, neither to the API server nor to disk', async () => {
  for (const name of NAMES) await told(world, `${name}/web`, of(name).says);
  const reasons = NAMES.map((name) => of(name).says.split(' ')[1] ?? '');
  for (const [i, name] of NAMES.entries())
    await eventually(`${name} was told`, async () =>
      (await eventsIn(world.plane, name)).some(({ reason }) => reason === reasons[i]),
    );
  await policyReady(world, 'refused-later');
  const before = treeOf(world.packages);
  const { end } = world.audit();
  await afterRuns(operator, (NAMES.length + 1) * 20);
  expect(writesIn(world.audit(end).records).map(inWords)).toEqual([]);
  expect(treeOf(world.packages)).toEqual(before);
  expect(world.statuses.findings).toEqual([]);
});

test('a policy that goes and comes back the same is told once each way', async () => {
  const words = (): Promise<readonly string[]> => said(world, 'refused/web');
  const { length } = await words();
  await removePolicy(world, 'refused');
  await world.ready('refused/web');
  await makePolicy(world, 'refused', { match: inNamespace('refused'), ...of('refused').spec });
  await told(world, 'refused/web', 'False PolicyDenied');
  await afterRuns(operator, (NAMES.length + 1) * 5);
  expect((await words()).slice(length)).toEqual(['True PackageWritten', 'False PolicyDenied']);
});
