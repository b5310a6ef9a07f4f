import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { patchPolicyCrd } from '../../../src/api/policy-crds.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { limitReplicas } from '../../support/admission-limit.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { scale } from '../../support/operator-scenes.ts';
import { eventually, type OperatorWorld, operatorWorld, readyWords } from '../../support/operator-world.ts';
import {
  conditionOf,
  inNamespace,
  look,
  makeDeployment,
  makePolicy,
  messageOf,
  must,
  POLICIES,
  policyReady,
  told,
} from '../../support/safety-scenes.ts';
import { takeRights } from '../../support/taken-right.ts';

// Policies that can not be used, or not be read: nothing gets through that they might have stopped.

let world: OperatorWorld;
beforeAll(async () => {
  world = await operatorWorld({ rights: 'taken-away' });
});
afterAll(async () => world?.stop());
afterEach(() => expect(world.statuses.findings).toEqual([]));

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const until = (key: string, words: string, ...messages: readonly string[]): Promise<PatchIntent> =>
  told(world, key, words, ...messages);

describe('an operator with its rights', () => {
  let operator: OperatorProcess;
  beforeAll(async () => {
    operator = await world.start({ flags: PATIENT_LEASE });
  });
  afterAll(async () => expect(await operator?.stop()).toBe(0));

  test('a policy that can not be used says so, intents under it wait and others do not; corrected, all go ahead', async () => {
    for (const namespace of ['invalid', 'beside']) await world.namespace(namespace);
    await world.apply('invalid/before', scale('before', 5));
    await world.ready('invalid/before');
    const windows = [{ effect: 'Deny', schedule: '0 9 * * *', duration: '1h', timeZone: 'Mars/Olympus' }] as const;
    await makePolicy(world, 'invalid', { match: inNamespace('invalid'), windows: [...windows] });
    expect(await policyReady(world, 'invalid', 'PolicyInvalid')).toContain(
      'windows[0].timeZone "Mars/Olympus" is not known',
    );
    for (const namespace of ['invalid', 'beside']) await world.apply(`${namespace}/web`, scale('web', 5));
    await world.ready('beside/web');
    const words = 'policy invalid, spec: it can not be used: windows[0].timeZone "Mars/Olympus" is not known';
    const held = await until('invalid/web', 'False PolicyUnresolved', words);
    expect(conditionOf(held, 'Stalled')).toBeUndefined();
    expect(held.status?.package).toBeUndefined();
    expect(held.status?.policy).toMatchObject({ decision: 'Wait', considered: [{ policy: 'invalid', rule: 'spec' }] });
    // Windows are asked once, as a change is let through.
    expect(readyWords(await look(world, 'invalid/before'))).toBe('True PackageWritten');
    await makePolicy(world, 'invalid', { match: inNamespace('invalid'), replicas: { max: 9 } });
    await policyReady(world, 'invalid');
    await world.ready('invalid/web');
  });

  test('one that was stored before a rule of today is invalid in the same way', async () => {
    await world.namespace('stored');
    const { spec } = patchPolicyCrd();
    const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const loose = spec.versions.map((version) => ({
      ...version,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
    }));
    const path = `${CRDS}/patchpolicies.patchgen.dev`;
    const serve = (versions: readonly object[]): Promise<unknown> =>
      must(world, 'PATCH', path, { spec: { versions } }, 'application/merge-patch+json');
    await serve(loose);
    const policy = { match: inNamespace('stored'), replicas: { min: 9, max: 2 } };
    await eventually('it is stored', async () => {
      const object = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchPolicy', metadata: { name: 'stored' } };
      return (await world.plane.request('POST', POLICIES, { ...object, spec: policy })).status === 201;
    });
    await serve(spec.versions);
    await policyReady(world, 'stored', 'PolicyInvalid');
    await world.apply('stored/web', scale('web', 5));
    await until('stored/web', 'False PolicyUnresolved', 'policy stored, spec: it can not be used: ', 'min');
    await makePolicy(world, 'stored', { match: inNamespace('stored'), replicas: { min: 2, max: 9 } });
    await world.ready('stored/web');
  });

  test('policies whose whole kind was deleted stay in force; made anew they are what they say then', async () => {
    for (const namespace of ['gone', 'gone-rate']) await world.namespace(namespace);
    await makePolicy(world, 'gone', { match: inNamespace('gone'), replicas: { max: 4 } });
    await makePolicy(world, 'gone-rate', { match: inNamespace('gone-rate'), rate: { perNamespacePerHour: 9 } });
    for (const name of ['gone', 'gone-rate']) await policyReady(world, name);
    await world.apply('gone/before', scale('before', 5));
    await until('gone/before', 'False PolicyDenied', 'policy gone, replicas.max');
    const { end } = world.requests();
    await must(world, 'DELETE', `${CRDS}/patchpolicies.patchgen.dev`);
    await eventually('the kind is gone', async () => (await world.plane.request('GET', POLICIES)).status === 404);
    await eventually('the operator knows', () =>
      operator.log.some(
        ({ msg, resource }) => resource === 'patchpolicies' && msg.startsWith('is not served any more'),
      ),
    );
    // Their deletions were seen, so it has asked whether the kind is still there.
    const asksForKinds = (): boolean =>
      world.requests(end).records.some(({ requestURI }) => requestURI === '/apis/patchgen.dev/v1alpha1');
    await eventually('it has asked', asksForKinds);
    await world.apply('gone/after', scale('after', 5));
    await until('gone/after', 'False PolicyDenied', 'policy gone, replicas.max');
    await look(world, 'gone/before');
    await until('gone/before', 'False PolicyDenied', 'policy gone, replicas.max');
    // What can not be counted can not be let through.
    await world.apply('gone-rate/web', scale('web', 5));
    await until('gone-rate/web', 'False PolicyUnavailable', 'gone-rate');
    for (const key of ['gone/before', 'gone/after', 'gone-rate/web'])
      expect(existsSync(join(world.packages, key))).toBe(false);

    await must(world, 'POST', CRDS, patchPolicyCrd());
    await eventually('the kind is back', async () => (await world.plane.request('GET', POLICIES)).status === 200);
    await makePolicy(world, 'gone', { match: inNamespace('gone'), replicas: { max: 9 } });
    await makePolicy(world, 'gone-rate', { match: inNamespace('gone-rate'), rate: { perNamespacePerHour: 9 } });
    for (const key of ['gone/before', 'gone/after', 'gone-rate/web']) await world.ready(key);
  });
});

describe('an operator that lacks a right', () => {
  test('to list policies lets nothing through, and says what to grant', async () => {
    const flags = [...PATIENT_LEASE, '--leader-election-id', 'no-list'];
    await world.namespace('no-list');
    await takeRights(world.plane, await world.account(flags), ['patchpolicies']);
    const outputDir = world.volume();
    const operator = await world.launch({ flags, outputDir });
    await world.apply('no-list/web', scale('web', 5));
    const told = await until('no-list/web', 'False PolicyUnavailable', 'the policies of the cluster are not known');
    expect(told.status?.package).toBeUndefined();
    expect(existsSync(join(outputDir, 'packages/no-list'))).toBe(false);
    const warned = operator.log.find(({ msg }) => msg === 'may not be read: grant list and watch');
    expect(warned).toMatchObject({ resource: 'patchpolicies', otherwise: 'no change is let through' });
    expect(await operator.stop()).toBe(0);
  });

  test('to write what policies count lets nothing through that is to be counted, and everything else', async () => {
    const flags = [...PATIENT_LEASE, '--leader-election-id', 'no-count'];
    for (const namespace of ['no-count', 'no-need']) await world.namespace(namespace);
    await makePolicy(world, 'no-count', { match: inNamespace('no-count'), rate: { perNamespacePerHour: 9 } });
    await takeRights(world.plane, await world.account(flags), ['patchpolicies/status']);
    const outputDir = world.volume();
    const operator = await world.start({ flags, outputDir });
    for (const namespace of ['no-count', 'no-need']) await world.apply(`${namespace}/web`, scale('web', 5));
    await world.ready('no-need/web');
    const told = await until(
      'no-count/web',
      'False PolicyUnavailable',
      'what policy no-count has counted could not be',
    );
    expect(messageOf(told)).toContain('patchpolicies/status');
    expect(existsSync(join(outputDir, 'packages/no-count'))).toBe(false);
    expect(await operator.stop()).toBe(0);
  });

  test('to read targets plans from the intent alone, and its warning names verb and resource; strict, it waits', async () => {
    const flags = [...PATIENT_LEASE, '--leader-election-id', 'no-target'];
    await world.namespace('no-target');
    await makeDeployment(world, 'no-target', 'web');
    await takeRights(world.plane, await world.account(flags), ['deployments', 'deployments/scale']);
    const lenient = await world.start({ flags, outputDir: world.volume() });
    await world.apply('no-target/web', scale('web', 5));
    const { status } = await world.ready('no-target/web');
    expect(status?.plan?.action).toBe('Unknown');
    expect(status?.plan?.warnings).toEqual([expect.stringMatching(/get .*deployments\/scale.*no-target/)]);
    expect(await lenient.stop()).toBe(0);
    const strict = await world.start({ flags: [...flags, '--strict-mode'], outputDir: world.volume() });
    await world.apply('no-target/strict', scale('web', 5));
    const held = await until('no-target/strict', 'False TargetUnreadable', 'strict mode: ', 'deployments/scale');
    expect(conditionOf(held, 'Stalled')).toBeUndefined();
    expect(held.status?.package).toBeUndefined();
    expect(await strict.stop()).toBe(0);
  });
});

describe('in strict mode', () => {
  test('an intent waits for its target, and goes ahead with the look after that came; without, it does not wait', async () => {
    await world.namespace('strict');
    const lenient = await world.start({ flags: PATIENT_LEASE, outputDir: world.volume() });
    await world.apply('strict/lenient', scale('lenient', 5));
    const { status } = await world.ready('strict/lenient');
    expect(status?.plan?.warnings).toEqual([
      'Deployment lenient in namespace strict does not exist here; the package may be meant for another cluster',
    ]);
    expect(await lenient.stop()).toBe(0);

    const outputDir = world.volume();
    const strict = await world.start({ flags: [...PATIENT_LEASE, '--strict-mode'], outputDir });
    await world.apply('strict/web', scale('web', 5));
    const held = await until('strict/web', 'False TargetNotFound', 'strict mode: Deployment web in namespace strict');
    expect(conditionOf(held, 'Stalled')).toBeUndefined();
    await look(world, 'strict/web');
    expect(existsSync(join(outputDir, 'packages/strict/web'))).toBe(false);
    await makeDeployment(world, 'strict', 'web');
    await look(world, 'strict/web');
    expect((await world.ready('strict/web')).status?.change).toBe('replicas 3 → 5');
    expect(await strict.stop()).toBe(0);
  });

  test('a warning of the API server to the patch is waited for, and goes without a change of the spec', async () => {
    const { plane } = world;
    const flags = [...PATIENT_LEASE, '--strict-mode', '--plan-dry-run', '--leader-election-id', 'strict-dry-run'];
    await world.namespace('strict-dry-run');
    await makeDeployment(world, 'strict-dry-run', 'web');
    const name = await limitReplicas(plane, 'strict-dry-run', 'Warn');
    const patch = ['patch', 'deployment/web', '-n', 'strict-dry-run', '-p', '{"spec":{"replicas":11}}'];
    await eventually('the admission policy warns', async () => {
      const { stderr } = await plane.kubectl([...patch, '--dry-run=server']);
      return stderr.includes('no more than ten');
    });
    const outputDir = world.volume();
    const strict = await world.start({ flags, outputDir });
    await world.apply('strict-dry-run/web', scale('web', 11));
    const words = 'strict mode: the API server warns: ';
    const held = await until('strict-dry-run/web', 'False DryRunRefused', words, 'no more than ten here');
    expect(conditionOf(held, 'Stalled')).toBeUndefined();
    expect(conditionOf(held, 'Planned')).toMatchObject({ status: 'True' });
    expect(existsSync(join(outputDir, 'packages/strict-dry-run/web'))).toBe(false);
    await plane.kubectl(['delete', 'validatingadmissionpolicybinding', name]);
    await eventually('the change goes ahead', async () => {
      const { status } = await look(world, 'strict-dry-run/web');
      return status?.package !== undefined;
    });
    expect(await strict.stop()).toBe(0);
  });
});
