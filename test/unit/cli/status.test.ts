import { describe, expect, test } from 'vitest';
import { REASONS, type Reason, type Step } from '../../../src/api/reasons.ts';
import type { Condition, PatchIntent, PatchIntentStatus } from '../../../src/api/types.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { UsageError } from '../../../src/cli/io.ts';
import { painter } from '../../../src/cli/output.ts';
import { nameOf } from '../../../src/cli/status/read.ts';
import { nextOf, pathOf, stageOf } from '../../../src/cli/status/stage.ts';
import { summaryOf } from '../../../src/cli/status/summary.ts';
import { detailView, listView } from '../../../src/cli/status/view.ts';
import { recordedIo } from '../../support/io.ts';

const NOW = new Date('2026-01-02T00:00:00Z');

function intent(status?: PatchIntentStatus, meta: Partial<PatchIntent['metadata']> = {}): PatchIntent {
  return {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata: {
      name: 'web-5',
      namespace: 'shop',
      uid: 'u',
      resourceVersion: '1',
      generation: 2,
      creationTimestamp: '2026-01-01T23:55:00Z',
      ...meta,
    },
    spec: { intentType: 'scaling', target: 'web', replicas: 5 },
    ...(status === undefined ? {} : { status }),
  };
}

const condition = (type: string, status: Condition['status'], reason: string, message = 'm'): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T23:59:00Z',
  observedGeneration: 2,
});

const PACKAGE = {
  name: 'web-scaling-0123456789ab',
  digest: 'd'.repeat(64),
  path: 'shop/web-5',
  root: 'r',
  generation: 2,
  fileCount: 5,
  sizeBytes: 1804,
};

/** The status that the operator writes for a failure of this reason at the step that it names. */
function failedWith(reason: Reason): PatchIntent {
  const { step } = REASONS[reason];
  const came = step === 'run' || step === 'collect' ? 'report' : step;
  const told = (type: string, own: Step): Condition =>
    ORDER.indexOf(came) > ORDER.indexOf(own) ? condition(type, 'True', 'Done') : condition(type, 'False', reason);
  const conditions = [
    condition('Ready', 'False', reason),
    ...(REASONS[reason].class === 'Rejected' ? [condition('Stalled', 'True', reason)] : []),
    told('Validated', 'validate'),
    told('Planned', 'plan'),
    told('Packaged', 'publish'),
  ];
  return intent({ observedGeneration: 2, conditions, ...(came === 'report' ? { package: PACKAGE } : {}) });
}

const ORDER: readonly Step[] = ['validate', 'plan', 'admit', 'rehearse', 'render', 'publish', 'report'];

/** The states of the steps of a run that failed with the reason, where these conditions stand beside it. */
function statesOf(reason: Reason, conditions: readonly Condition[], more: Partial<PatchIntentStatus> = {}): string {
  const all = [condition('Ready', 'False', reason), ...conditions];
  const path = pathOf(intent({ observedGeneration: 2, conditions: all, ...more }));
  return path.map(({ state }) => state).join(' ');
}

const published = intent({
  observedGeneration: 2,
  change: 'replicas → 5',
  conditions: [condition('Ready', 'True', 'PackageWritten', 'on disk')],
  package: PACKAGE,
});

describe('the stage', () => {
  test.each([
    ['New', intent()],
    ['New', intent({ observedGeneration: -1 })],
    ['Outdated', intent({ ...published.status, observedGeneration: 1 })],
    ['Deleting', intent(published.status, { deletionTimestamp: '2026-01-02T00:00:00Z' })],
    ['Published', published],
    ['DryRun', intent({ observedGeneration: 2, conditions: [condition('Ready', 'True', 'DryRun')] })],
    ['Suspended', intent({ observedGeneration: 2, conditions: [condition('Ready', 'False', 'Suspended')] })],
    ['AwaitingApproval', failedWith('AwaitingApproval')],
    ['Conflicted', failedWith('ManagedByAutoscaler')],
    ['Conflicted', failedWith('ConflictingIntent')],
    ['Denied', failedWith('PolicyDenied')],
    ['Denied', failedWith('ApprovalRejected')],
    ['Waiting', failedWith('OutsideWindow')],
    ['Rejected', failedWith('InvalidSpec')],
    ['Retrying', failedWith('StorageFull')],
    ['Waiting', failedWith('UnsafePath')],
    ['Waiting', intent({ observedGeneration: 2, conditions: [condition('Ready', 'False', 'FromALaterVersion')] })],
  ] as const)('is %s', (stage, it) => {
    expect(stageOf(it)).toBe(stage);
  });

  test('every reason has a path with at most one failure, all done before it and nothing after, and something to do', () => {
    for (const reason of Object.keys(REASONS) as Reason[]) {
      const it = failedWith(reason);
      const states = pathOf(it)
        .map(({ state }) => state)
        .join(' ');
      expect(states, reason).toMatch(/^(done )*(failed)?( ahead)*$|^(skipped )+done$/);
      expect(nextOf(it), reason).not.toBe('');
    }
  });

  test.each([
    ['InvalidSpec', 'failed ahead ahead ahead ahead ahead'],
    ['UnsupportedTargetKind', 'done failed ahead ahead ahead ahead'],
    ['PolicyDenied', 'done done failed ahead ahead ahead'],
    ['AwaitingApproval', 'done done failed ahead ahead ahead'],
    ['StrictMode', 'done done failed ahead ahead ahead'],
    ['TargetNotFound', 'done done failed ahead ahead ahead'],
    ['StorageFull', 'done done done done failed ahead'],
    ['StatusConflict', 'done done done done done failed'],
  ] as const)('%s fails at its step', (reason, states) => {
    expect(
      pathOf(failedWith(reason))
        .map(({ state }) => state)
        .join(' '),
    ).toBe(states);
  });

  test('of those who ask for dry runs one step more fails, and only where it is what stopped the intent', () => {
    const path = pathOf(failedWith('DryRunRefused'));
    expect(path.map(({ step, state }) => `${step} ${state}`).slice(2, 5)).toEqual([
      'admit done',
      'rehearse failed',
      'render ahead',
    ]);
    expect(pathOf(failedWith('StorageFull')).map(({ step }) => step)).not.toContain('rehearse');
  });

  describe('of a reason that may come up anywhere', () => {
    const valid = condition('Validated', 'True', 'Valid');
    const planned = condition('Planned', 'True', 'PlanMade');
    const none = condition('Packaged', 'False', 'ApiUnavailable');
    const packaged = condition('Packaged', 'True', 'PackageWritten');

    test.each(['ApiUnavailable', 'ApiForbidden', 'InternalError'] as const)(
      '%s fails at the first step that the conditions do not call done',
      (reason) => {
        expect(statesOf(reason, [none])).toBe('failed ahead ahead ahead ahead ahead');
        expect(statesOf(reason, [valid, none])).toBe('done failed ahead ahead ahead ahead');
        expect(statesOf(reason, [valid, planned, none])).toBe('done done failed ahead ahead ahead');
        expect(statesOf(reason, [valid, planned, packaged], { package: PACKAGE })).toBe(
          'done done done done done failed',
        );
      },
    );

    test('where the server took nothing but the summary, the reason alone counts', () => {
      expect(statesOf('StorageFull', [])).toBe('done done done done failed ahead');
      expect(statesOf('DryRunRefused', [])).toBe('done done done failed ahead ahead ahead');
      expect(statesOf('StatusRefused', [])).toBe('done done done done done failed');
      expect(statesOf('InternalError', [])).toBe('failed ahead ahead ahead ahead ahead');
    });

    test('what the conditions say of an older generation is not done', () => {
      const old = { ...planned, observedGeneration: 1 };
      expect(statesOf('ApiUnavailable', [valid, old, none])).toBe('done failed ahead ahead ahead ahead');
      const before = { package: { ...PACKAGE, generation: 1 } };
      expect(statesOf('ApiUnavailable', [valid, planned, packaged], before)).toBe('done done failed ahead ahead ahead');
    });
  });
});

describe('the view', () => {
  const paint = painter(recordedIo());

  test('of one intent says where it is, why and what to do', () => {
    const text = detailView(summaryOf(failedWith('StorageFull')), NOW, paint);
    expect(text).toContain('shop/web-5  Retrying');
    expect(text).toContain('✓ validate   ✓ plan   ✓ admit   ✓ render   ✗ publish   · report');
    expect(text).toContain('StorageFull: m');
    expect(text).toContain(REASONS.StorageFull.action);
    expect(text).toMatch(/Ready +False +StorageFull +60s +m\n/);
  });

  test('tells of plan, diff, policies, approval, owner and conflict', () => {
    const it = intent({
      observedGeneration: 2,
      change: 'replicas 3 → 5',
      plan: {
        changeDigest: 'c'.repeat(64),
        planDigest: 'a'.repeat(64),
        action: 'Change',
        diff: '--- live\n+++ planned\n-  replicas: 3\n+  replicas: 5\n',
      },
      owner: { tool: 'Flux', kind: 'Kustomization', name: 'apps', namespace: 'flux', advice: 'change it in git' },
      policy: {
        decision: 'Approval',
        considered: [
          { policy: 'calm', result: 'Allow' },
          { policy: 'prod', result: 'Approval', rule: 'approval', message: 'policy prod, approval: 1 is needed' },
        ],
      },
      conditions: [
        condition('Ready', 'False', 'AwaitingApproval', '0 of 1'),
        condition('Approved', 'False', 'ApprovalExpired', 'the one of alice has expired'),
        condition('Conflicted', 'True', 'ConflictingIntent', 'shop/older wants 4'),
      ],
    });
    const text = detailView(summaryOf(it), NOW, paint);
    for (const line of [
      /^ {2}Owner +Flux Kustomization flux\/apps: change it in git$/m,
      /^ {2}Policy +Allow: policy calm$/m,
      /^ {2}Policy +Approval: policy prod, approval: 1 is needed$/m,
      /^ {2}Approval +ApprovalExpired: the one of alice has expired$/m,
      /^ {2}Conflict +ConflictingIntent: shop\/older wants 4$/m,
      /^ {2}Plan +a{64}$/m,
      /^ {2}- {2}replicas: 3\n {2}\+ {2}replicas: 5$/m,
    ])
      expect(text).toMatch(line);
    // Ready awaits approval; what to do hangs on why the decisions that are there don't do.
    expect(text).toContain(REASONS.ApprovalExpired.action);
  });

  test('says when the package is older than the spec', () => {
    const status = {
      ...published.status,
      observedGeneration: 3,
      conditions: [condition('Ready', 'False', 'InvalidSpec')],
    };
    expect(detailView(summaryOf(intent(status, { generation: 3 })), NOW, paint)).toContain(
      'made from generation 2 of 3',
    );
    expect(detailView(summaryOf(published), NOW, paint)).not.toContain('made from generation');
  });

  test('of many is a table; a published intent needs no reason', () => {
    expect(listView([summaryOf(published)], NOW, true)).toBe(
      'NAMESPACE   NAME    STAGE       CHANGE         TARGET                   AGE   WHY\n' +
        'shop        web-5   Published   replicas → 5   Deployment web in shop   5m\n',
    );
  });

  test('survives a stored object that no schema ever saw, and prints it safely', () => {
    const junk = {
      ...intent(),
      spec: { target: ['a'], source: { x: 1 }, reason: '\u001b[2J' } as unknown as PatchIntent['spec'],
    };
    for (const spec of [junk.spec, null, 'text', 7]) {
      const text = detailView(summaryOf({ ...junk, spec: spec as PatchIntent['spec'] }), NOW, paint);
      expect(text).not.toContain('\u001b');
    }
  });
});

describe('the name', () => {
  test.each([
    ['web', undefined, { namespace: 'ctx', name: 'web' }],
    ['web', 'shop', { namespace: 'shop', name: 'web' }],
    ['shop/web', undefined, { namespace: 'shop', name: 'web' }],
    ['shop/web', 'shop', { namespace: 'shop', name: 'web' }],
  ])('%s with -n %s', (argument, flag, key) => {
    expect(nameOf(argument, flag, 'ctx')).toEqual(key);
  });

  test.each([
    ['a/b/c', undefined],
    ['/web', undefined],
    ['shop/', undefined],
    ['shop/web', 'bank'],
  ])('%s with -n %s is wrong usage', (argument, flag) => {
    expect(() => nameOf(argument, flag, 'ctx')).toThrow(UsageError);
  });
});

test('one intent in all namespaces is wrong usage, as kubectl has it, and no cluster is asked', async () => {
  for (const name of ['web', 'shop/web']) {
    const io = recordedIo();
    expect(await runCli(['status', name, '-A', '--kubeconfig', '/nonexistent/kubeconfig'], io)).toBe(2);
    expect(io.err()).toContain('leave out -A');
  }
});
