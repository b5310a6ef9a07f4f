import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Crd } from '../../../src/api/crd.ts';
import { checkPolicySpec } from '../../../src/api/policy/check.ts';
import { patchApprovalCrd, patchPolicyCrd } from '../../../src/api/policy-crds.ts';
import { MAX_ENTRIES } from '../../../src/policy/ledger.ts';
import { ENTRY_WIDTH } from '../../../src/policy/ledger-entry.ts';
import { type ControlPlane, startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { compileSpecValidator } from '../../../tools/generate/validator.ts';
import { type Answer, type RawApi, rawApi } from '../../support/raw-api.ts';
import { approvalSamples, mixedPolicySamples, policySamples, type Sample } from './policy-samples.ts';

// A server with the CRDs from the schema source is asked whether it thinks of each sample what our own check thinks.

const BASE = '/apis/patchgen.dev/v1alpha1';
const POLICIES = `${BASE}/patchpolicies`;
const APPROVALS = `${BASE}/namespaces/shop/patchapprovals`;
const STRICT_DRY_RUN = '?dryRun=All&fieldValidation=Strict';
const APPROVAL = { intent: 'web', planDigest: 'a'.repeat(64), decision: 'Approve', approver: 'jane' };

let plane: ControlPlane;
let api: RawApi;
beforeAll(async () => {
  plane = await startControlPlane();
  api = rawApi(plane);
  await api.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await serve(patchPolicyCrd(), POLICIES);
  await serve(patchApprovalCrd(), APPROVALS);
}, 120_000);
afterAll(() => plane?.stop());

async function serve(crd: Crd, collection: string): Promise<void> {
  const created = await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
  if (created.status !== 201) throw new Error(`the CRD was refused: ${JSON.stringify(created.body)}`);
  while ((await api.send('GET', collection)).status !== 200) await sleep(50);
}

function policy(name: string, spec: unknown, query = STRICT_DRY_RUN): Promise<Answer> {
  return api.send('POST', POLICIES + query, {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchPolicy',
    metadata: { name },
    spec,
  });
}

function approval(name: string, spec: unknown, query = STRICT_DRY_RUN): Promise<Answer> {
  const metadata = { name, namespace: 'shop' };
  return api.send('POST', APPROVALS + query, {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchApproval',
    metadata,
    spec,
  });
}

/** The titles of the samples of which the two think differently, with what the server said. */
async function disagreements(
  samples: readonly Sample[],
  send: (spec: unknown) => Promise<Answer>,
  isGood: (spec: unknown) => boolean,
): Promise<readonly string[]> {
  const verdicts = samples.map(async ({ title, spec }) => {
    const { status, body } = await send(spec);
    expect([201, 422, 400], title).toContain(status);
    return (status === 201) === isGood(spec) ? [] : [`${title}: server ${status} ${String(body.message ?? '')}`];
  });
  return (await Promise.all(verdicts)).flat();
}

const isGoodPolicy = (spec: unknown): boolean => checkPolicySpec(spec).length === 0;

test('every field of a policy, valid, at both bounds and wrong, gets one verdict here and from the server', async () => {
  const samples = policySamples();
  const good = samples.filter(({ spec }) => isGoodPolicy(spec)).length;
  expect(good).toBeGreaterThan(80);
  expect(samples.length - good).toBeGreaterThan(200);
  expect(await disagreements(samples, (spec) => policy('sample', spec), isGoodPolicy)).toEqual([]);
}, 60_000);

test('several fields of a policy at a time get one verdict here and from the server', async () => {
  expect(await disagreements(mixedPolicySamples(300), (spec) => policy('sample', spec), isGoodPolicy)).toEqual([]);
}, 60_000);

test('every field of an approval, valid, at both bounds and wrong, gets one verdict here and from the server', async () => {
  const validate = compileSpecValidator('approval');
  const isGood = (spec: unknown): boolean => validate(spec);
  expect(await disagreements(approvalSamples(), (spec) => approval('sample', spec), isGood)).toEqual([]);
});

test('the server fills in what the documents promise', async () => {
  const { body } = await policy('filled', {
    windows: [{ effect: 'Allow', schedule: '0 9 * * *', duration: '8h' }],
    approval: { mode: 'Always' },
  });
  expect(body.spec).toMatchObject({
    windows: [{ timeZone: 'UTC' }],
    approval: { approvals: 1, timeToLive: '24h', author: 'Refuse' },
  });
});

test.each([63, 64])('a policy name of %i characters gets the verdict that the message promises', async (length) => {
  const { status, body } = await policy('a'.repeat(length), { gitOps: 'Warn' });
  expect(status).toBe(length <= 63 ? 201 : 422);
  if (status !== 201) expect(body.message).toContain('metadata.name too long: at most 63 characters');
});

test('the spec of an approval can never be changed, and the rest can', async () => {
  expect((await approval('jane', APPROVAL, '')).status).toBe(201);
  const merge = (patch: unknown) => api.send('PATCH', `${APPROVALS}/jane`, patch, 'application/merge-patch+json');
  for (const change of [
    { decision: 'Reject' },
    { comment: 'after all' },
    { planDigest: 'b'.repeat(64) },
    { approver: 'joe' },
  ]) {
    const { status, body } = await merge({ spec: change });
    expect(status).toBe(422);
    expect(body.message).toContain('can not be changed');
  }
  expect((await merge({ metadata: { labels: { a: 'b' } } })).status).toBe(200);
});

test('approvals are found by their intent', async () => {
  expect((await approval('of-api', { ...APPROVAL, intent: 'api' }, '')).status).toBe(201);
  expect((await approval('of-db', { ...APPROVAL, intent: 'db' }, '')).status).toBe(201);
  const { body } = await api.send('GET', `${APPROVALS}?fieldSelector=spec.intent%3Dapi`);
  expect(body.items).toMatchObject([{ metadata: { name: 'of-api' } }]);
});

test('the status holds a full rate ledger, and not a character more', async () => {
  const { body } = await policy('busy', { rate: { perTargetPerHour: 1 } }, '');
  const { resourceVersion } = body.metadata as { resourceVersion: string };
  const full = MAX_ENTRIES * ENTRY_WIDTH;
  const put = (length: number) =>
    api.send('PUT', `${POLICIES}/busy/status${STRICT_DRY_RUN}`, {
      apiVersion: 'patchgen.dev/v1alpha1',
      kind: 'PatchPolicy',
      metadata: { name: 'busy', resourceVersion },
      status: { observedGeneration: 1, rate: 'x'.repeat(length) },
    });
  expect((await put(full)).status).toBe(200);
  const { status, body: refused } = await put(full + 1);
  expect(status).toBe(422);
  expect(refused.message).toContain(`status.rate: Too long: may not be more than ${full} bytes`);
});
