import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PatchPolicySpec } from '../../../src/api/schema/patchpolicy.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { scale } from '../../support/operator-scenes.ts';
import { type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import {
  inNamespace,
  look,
  makeDeployment,
  makePolicy,
  NO_RESYNC,
  policyReady,
  said,
  scaleDeployment,
  told,
} from '../../support/safety-scenes.ts';

// What each rule does to an intent, from the policy to the words of the status.

interface Case {
  readonly rule: string;
  readonly spec: PatchPolicySpec;
  readonly against: object;
  readonly words: string;
  /** Default: what the intent lacks nothing of. */
  readonly fine?: object;
}

/** The Deployments have 3 replicas. */
const REFUSALS: readonly Case[] = [
  {
    rule: 'replicas.min',
    spec: { replicas: { min: 2 } },
    against: { replicas: 1 },
    fine: { replicas: 2 },
    words: 'replicas 1 against at least 2',
  },
  {
    rule: 'replicas.max',
    spec: { replicas: { max: 6 } },
    against: { replicas: 7 },
    fine: { replicas: 6 },
    words: 'replicas 7 against at most 6',
  },
  {
    rule: 'replicas.neverZero',
    spec: { replicas: { neverZero: true } },
    against: { replicas: 0 },
    fine: { replicas: 1 },
    words: 'replicas 0 against at least 1 (never to 0)',
  },
  {
    rule: 'replicas.maxDelta',
    spec: { replicas: { maxDelta: 2 } },
    against: { replicas: 6 },
    fine: { replicas: 5 },
    words: 'from 3 to 6 against at most 2 at a time',
  },
  {
    rule: 'replicas.maxPercent',
    spec: { replicas: { maxPercent: 100 } },
    against: { replicas: 7 },
    fine: { replicas: 6 },
    words: 'from 3 to 7 against at most 100 per cent at a time',
  },
  {
    rule: 'require.reason',
    spec: { require: { reason: true } },
    against: { reason: '  ' },
    fine: { reason: 'sale' },
    words: 'not so: spec.reason says why',
  },
  {
    rule: 'require.correlationId',
    spec: { require: { correlationId: true } },
    against: { correlationId: undefined },
    words: 'not so: spec.correlationId is there',
  },
  {
    rule: 'require.source',
    spec: { require: { source: 'bot-*' } },
    against: { source: 'jane' },
    fine: { source: 'bot-7' },
    words: 'not so: spec.source is like "bot-*"',
  },
];

const nameOf = ({ rule }: Case): string => rule.toLowerCase().replace('.', '-');

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld();
  await world.start({ flags: [...PATIENT_LEASE, ...NO_RESYNC] });
  for (const it of REFUSALS) {
    const name = nameOf(it);
    await world.namespace(name);
    for (const target of ['against', 'fine']) await makeDeployment(world, name, target);
    await makePolicy(world, name, { match: inNamespace(name), ...it.spec });
  }
  for (const it of REFUSALS) await policyReady(world, nameOf(it));
  for (const it of REFUSALS) {
    await world.apply(`${nameOf(it)}/against`, { ...scale('against', 4), ...it.against });
    await world.apply(`${nameOf(it)}/fine`, { ...scale('fine', 4), ...it.fine });
  }
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const isPublished = (key: string): boolean => existsSync(join(world.packages, key, 'Kptfile'));

const until = (key: string, words: string, ...messages: readonly string[]): Promise<PatchIntent> =>
  told(world, key, words, ...messages);

describe('a change that a rule refuses', () => {
  test.each(REFUSALS.map((it) => [it.rule, it] as const))(
    '%s: says so, names policy and rule, and has no package',
    async (rule, it) => {
      const name = nameOf(it);
      const refused = await until(`${name}/against`, 'False PolicyDenied', `policy ${name}, ${rule}: `, it.words);
      expect(refused.status?.policy).toEqual({
        decision: 'Refuse',
        considered: [{ policy: name, result: 'Refuse', rule, message: expect.stringContaining(it.words) }],
      });
      expect(isPublished(`${name}/against`)).toBe(false);
      const fine = await world.ready(`${name}/fine`);
      expect(fine.status?.policy).toEqual({ decision: 'Allow', considered: [{ policy: name, result: 'Allow' }] });
      expect(await said(world, `${name}/fine`)).toEqual(['True PackageWritten']);
    },
  );

  test('is held against the live value: when that has moved, the next look lets it through', async () => {
    await until('replicas-maxdelta/against', 'False PolicyDenied', 'from 3 to 6');
    await scaleDeployment(world, 'replicas-maxdelta', 'against', 4);
    const { status } = await look(world, 'replicas-maxdelta/against');
    expect(status?.change).toBe('replicas 4 → 6');
    await world.ready('replicas-maxdelta/against');
    // Once through, it is not asked for its step again.
    await scaleDeployment(world, 'replicas-maxdelta', 'against', 40);
    expect(readyWords(await look(world, 'replicas-maxdelta/against'))).toBe('True PackageWritten');
  });

  test('is not let through while the live value is not known, and goes ahead when it is', async () => {
    await world.apply('replicas-maxdelta/later', scale('later', 4));
    const held = await until(
      'replicas-maxdelta/later',
      'False PolicyUnresolved',
      'the live number of replicas is not known',
    );
    expect(held.status?.plan?.action).toBe('Unknown');
    await makeDeployment(world, 'replicas-maxdelta', 'later');
    await look(world, 'replicas-maxdelta/later');
    await world.ready('replicas-maxdelta/later');
  });
});

describe('a change that a rule holds', () => {
  test('rate.perTargetPerHour: so many changes of one target, whichever intents ask for them', async () => {
    await world.namespace('target-rate');
    await makePolicy(world, 'target-rate', { match: inNamespace('target-rate'), rate: { perTargetPerHour: 2 } });
    await policyReady(world, 'target-rate');
    for (const name of ['one', 'two']) {
      await world.apply(`target-rate/${name}`, scale('web', 5));
      await world.ready(`target-rate/${name}`);
    }
    await world.apply('target-rate/three', scale('web', 5));
    await until(
      'target-rate/three',
      'False RateLimited',
      'policy target-rate, rate.perTargetPerHour: at most 2 within',
    );
    await world.apply('target-rate/other', scale('api', 5));
    await world.ready('target-rate/other');
    expect(isPublished('target-rate/three')).toBe(false);
  });

  test.each([
    ['delta', { delta: 1 }, 5, 'for more than 1 replicas at a time'],
    ['percent', { percent: 50 }, 5, 'for more than 50 per cent at a time'],
    ['toZero', { toZero: true }, 0, 'for scaling to 0'],
  ] as const)(
    'approval.risk.%s: waits for people where there is that risk, and for nobody where there is none',
    async (name, risk, replicas, words) => {
      const namespace = `risk-${name.toLowerCase()}`;
      await world.namespace(namespace);
      for (const target of ['risky', 'harmless']) await makeDeployment(world, namespace, target);
      await makePolicy(world, namespace, { match: inNamespace(namespace), approval: { mode: 'OnRisk', risk } });
      await policyReady(world, namespace);
      await world.apply(`${namespace}/risky`, scale('risky', replicas));
      await world.apply(`${namespace}/harmless`, scale('harmless', 4));
      const { status } = await until(`${namespace}/risky`, 'False AwaitingApproval', '0 of 1 approvals');
      expect(status?.policy?.considered).toEqual([
        expect.objectContaining({ policy: namespace, result: 'Approval', rule: `approval.risk.${name}` }),
      ]);
      expect(status?.policy?.considered[0]?.message).toContain(`1 approval is needed ${words}`);
      await world.ready(`${namespace}/harmless`);
      expect(isPublished(`${namespace}/risky`)).toBe(false);
    },
  );
});
