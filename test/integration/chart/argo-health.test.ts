import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../../src/api/errors.ts';
import { REASONS, type Reason } from '../../../src/api/reasons.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import type { Outcome } from '../../../src/reconcile/outcome.ts';
import { desiredStatus } from '../../../src/reconcile/status/desired.ts';
import { argoHealth } from '../../support/argo-health.ts';
import { goodSpec, type IntentDraft, intent } from '../../support/intents.ts';

// Argo CD's health script over statuses as the operator writes them, run by the Lua of Argo CD.

const SCRIPT = join(import.meta.dirname, '../../../config/argocd/health.lua');
const POLICY_SCRIPT = join(SCRIPT, '../policy-health.lua');
const NOW = new Date('2026-01-01T00:00:00Z');

/** An intent with the status that the operator gives it after such a run, and then changed. */
function after(outcome: Outcome, draft: IntentDraft = {}, changed: IntentDraft = {}): PatchIntent {
  const before = intent(draft);
  const status = desiredStatus(before, outcome, { rootId: 'root', now: NOW });
  return intent({ ...draft, status, ...changed });
}

const failed = (reason: Reason): Outcome => {
  const entry = REASONS[reason].class;
  if (entry === 'Success') throw new Error(`${reason} is no failure`);
  return { kind: 'failed', failure: failureOf(entry, reason, `it is ${reason} – "as ever"`), reached: undefined };
};

/** Ready, as a published package leaves it. */
function ready(changed: IntentDraft = {}): PatchIntent {
  const { status } = after({ kind: 'suspended' });
  const conditions = (status?.conditions ?? []).map((condition) => ({
    ...condition,
    status: 'True' as const,
    reason: 'PackageWritten',
    message: 'replicas → 5: package shop/web-5 is on disk',
  }));
  return intent({ status: { ...status, conditions }, ...changed });
}

const suspended = { ...goodSpec, suspend: true };

const SAMPLES: Readonly<Record<string, readonly [PatchIntent, string, string]>> = {
  'a published package': [ready(), 'Healthy', 'replicas → 5: package shop/web-5 is on disk'],
  'an object that nobody has looked at': [intent(), 'Progressing', 'waiting for the operator'],
  'the default of the CRD': [intent({ status: { observedGeneration: -1 } }), 'Progressing', 'waiting for the operator'],
  'a new spec that nobody has looked at': [ready({ generation: 2 }), 'Progressing', 'waiting for the operator'],
  'a status without conditions': [
    intent({ status: { observedGeneration: 1 } }),
    'Progressing',
    'waiting for the operator',
  ],
  'a deletion': [ready({ deletionTimestamp: '2026-01-01T00:00:00Z' }), 'Progressing', 'being deleted'],
  'a suspended intent': [
    after({ kind: 'suspended' }, { spec: suspended }),
    'Suspended',
    'suspended by spec.suspend; the package stays as it is',
  ],
  'one that is suspended right now': [
    ready({ generation: 2, spec: suspended }),
    'Suspended',
    'suspended by spec.suspend; the package stays as it is',
  ],
  'one that is resumed right now': [
    after({ kind: 'suspended' }, { spec: suspended }, { generation: 2, spec: goodSpec }),
    'Progressing',
    'waiting for the operator',
  ],
  'a stalled one with a new spec': [
    after(failed('UnsupportedTargetKind'), {}, { generation: 2 }),
    'Progressing',
    'waiting for the operator',
  ],
};

test.each(Object.entries(SAMPLES))('%s', async (_, [object, status, message]) => {
  expect(await argoHealth(SCRIPT, object)).toEqual({ status, message });
});

/** They wait, and no time or window will help. */
const IN_THE_WAY: ReadonlySet<Reason> = new Set([
  'ApprovalUnguarded',
  'ConflictingIntent',
  'DryRunRefused',
  'ManagedByAutoscaler',
  'UnsafePath',
] as const);

describe('each failure that a status can carry', () => {
  const reasons = (Object.keys(REASONS) as Reason[]).filter((reason) => REASONS[reason].class !== 'Success');
  test.each(reasons.filter((reason) => reason !== 'Suspended'))('%s', async (reason) => {
    const { class: kind } = REASONS[reason];
    const broken = kind === 'Rejected' || IN_THE_WAY.has(reason);
    const expected = broken ? 'Degraded' : kind === 'Waiting' ? 'Suspended' : 'Progressing';
    const health = await argoHealth(SCRIPT, after(failed(reason)));
    expect(health).toEqual({ status: expected, message: `it is ${reason} – "as ever"` });
  });
});

test('a reason of a later version that waits for a person is Suspended, and one that is not known yet Progressing', async () => {
  const shown = (status: 'False' | 'Unknown'): PatchIntent => {
    const object = after(failed('RemovalHeld'));
    const conditions = (object.status?.conditions ?? []).map((it) =>
      it.type === 'Ready' ? { ...it, status, reason: 'AwaitingApproval', message: 'a person must approve' } : it,
    );
    return intent({ status: { ...object.status, conditions } });
  };
  expect(await argoHealth(SCRIPT, shown('False'))).toEqual({ status: 'Suspended', message: 'a person must approve' });
  expect(await argoHealth(SCRIPT, shown('Unknown'))).toEqual({
    status: 'Progressing',
    message: 'a person must approve',
  });
});

const policy = (generation: number, condition?: object): unknown => ({
  metadata: { name: 'production', generation },
  status: {
    observedGeneration: 1,
    ...(condition === undefined ? {} : { conditions: [{ type: 'Ready', ...condition }] }),
  },
});

test.each<[string, unknown, string]>([
  ['in force', policy(1, { status: 'True', message: 'in force' }), 'Healthy'],
  ['one that can not be used', policy(1, { status: 'False', message: 'no such time zone' }), 'Degraded'],
  ['one that is not known yet', policy(1, { status: 'Unknown', message: 'looking' }), 'Progressing'],
  ['without a condition', policy(1), 'Progressing'],
  ['with a new spec', policy(2, { status: 'True', message: 'in force' }), 'Progressing'],
  ['that nobody has looked at', { metadata: { name: 'production', generation: 1 } }, 'Progressing'],
])('a policy %s', async (_, object, status) => {
  expect(await argoHealth(POLICY_SCRIPT, object)).toMatchObject({ status });
});

test("Argo CD's ConfigMap holds the scripts, under the keys of the kinds", () => {
  const file = join(SCRIPT, '../argocd-cm.yaml');
  const { data, ...rest } = load(readFileSync(file, 'utf8')) as { data: object };
  expect(rest).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm' } });
  expect(data).toEqual({
    'resource.customizations.health.patchgen.dev_PatchIntent': readFileSync(SCRIPT, 'utf8'),
    'resource.customizations.health.patchgen.dev_PatchPolicy': readFileSync(POLICY_SCRIPT, 'utf8'),
  });
});
