import { describe, expect, test } from 'vitest';
import { Rejected, Transient, Waiting } from '../../../../src/api/errors.ts';
import { ApiError, ConnectionError } from '../../../../src/platform/kubernetes/client.ts';
import { CALM } from '../../../../src/policy/brake.ts';
import { claimOf, EMPTY_LEDGER, reserve } from '../../../../src/policy/ledger.ts';
import type { FoundBase } from '../../../../src/reconcile/plan/base.ts';
import { goodSpec, intent } from '../../../support/intents.ts';
import { policy } from '../../../support/policies.ts';
import { ReconcileWorld } from '../../../support/reconcile-world.ts';

const found: FoundBase = {
  state: 'found',
  uid: 'target-1',
  resourceVersion: '77',
  generation: 3,
  replicas: 3,
  labels: {},
  warnings: [],
};
const always = policy('prod', { approval: { mode: 'Always', author: 'Allow' } });

function worldWith(set: (around: ReconcileWorld['around']) => void): ReconcileWorld {
  const world = new ReconcileWorld();
  world.around.base = found;
  set(world.around);
  world.put(intent());
  return world;
}

const conditionOf = (world: ReconcileWorld, type: string) => world.status().conditions?.find((c) => c.type === type);

function approve(world: ReconcileWorld, approver: string, decision: 'Approve' | 'Reject' = 'Approve'): void {
  const planDigest = world.status().plan?.planDigest ?? '';
  const createdAt = world.clock.now();
  const one = { name: `a-${approver}`, uid: `u-${approver}`, createdAt, planDigest, decision, approver } as const;
  world.around.approvals = [...world.around.approvals, one];
}

describe('a plan against the live target', () => {
  test('the status tells the live value, the fields, the diff and the digest, and Planned is True', async () => {
    const world = worldWith(() => {});
    await world.run();
    expect(world.status()).toMatchObject({
      change: 'replicas 3 → 5',
      plan: {
        action: 'Change',
        base: { uid: 'target-1', resourceVersion: '77' },
        fields: [{ path: '.spec.replicas', from: '3', to: '5' }],
        planDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(conditionOf(world, 'Planned')).toMatchObject({ status: 'True', reason: 'PlanMade' });
    expect(world.ready()).toMatchObject({ reason: 'PackageWritten' });
  });

  test('a version of the target that moves alone costs no write', async () => {
    const world = worldWith(() => {});
    await world.run();
    world.around.base = { ...found, resourceVersion: '78' };
    await world.run();
    expect(world.statusWrites).toHaveLength(1);
  });

  test('a live value that moves is told once, and the package stays', async () => {
    const world = worldWith(() => {});
    await world.run();
    const before = world.status().plan?.planDigest;
    world.around.base = { ...found, generation: 4, replicas: 5 };
    await world.run();
    await world.run();
    expect(world.statusWrites).toHaveLength(2);
    expect(world.status()).toMatchObject({ change: 'replicas 5 (no change)', plan: { action: 'NoChange' } });
    expect(world.status().plan?.planDigest).not.toBe(before);
    expect(world.events).toHaveLength(1);
  });

  test('that can not be read for now is no news of a package that stands, and is tried again', async () => {
    const world = worldWith(() => {});
    await world.run();
    const ready = world.ready();
    world.around.readFailures = [new ConnectionError('no answer'), new ConnectionError('none either')];
    expect(await world.run()).toEqual({ next: 'backoff' });
    expect(world.statusWrites).toHaveLength(1);
    world.put(intent({ generation: 2, status: world.status() }));
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'ApiUnavailable', observedGeneration: 2 });
    await world.run();
    expect(world.ready()).toMatchObject({ ...ready, observedGeneration: 2 });
  });

  test('a missing target is a warning, and in strict mode a wait', async () => {
    const world = worldWith((around) => {
      around.base = { state: 'missing' };
    });
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(world.status().plan?.warnings?.join()).toMatch(/does not exist/);
    const strict = worldWith((around) => {
      around.base = { state: 'missing' };
    });
    strict.rules = { ...strict.rules, strictMode: true };
    expect(await strict.run()).toMatchObject({ next: 'after' });
    expect(strict.ready()).toMatchObject({ status: 'False', reason: 'TargetNotFound' });
    expect(conditionOf(strict, 'Stalled')).toBeUndefined();
    // The plan is there; what it lacks keeps it from being let through.
    expect(conditionOf(strict, 'Planned')).toMatchObject({ status: 'True', reason: 'PlanMade' });
    expect(strict.status().plan?.planDigest).toBeDefined();
  });

  test.each([
    ['a warning that strict mode waits for', undefined],
    ['a webhook that is away', new ApiError(500, 'InternalError', 'failed calling webhook "w"')],
  ])('%s is no failure for the storm brake', async (_, cause) => {
    const world = worldWith((around) => {
      around.dryRun = () => {
        throw new Waiting('DryRunRefused', 'not now', { cause });
      };
    });
    await world.run();
    expect(world.ready()).toMatchObject({ reason: 'DryRunRefused' });
    expect(world.around.failed).toEqual([]);
  });

  test('a refusal of the dry run waits, and counts for the storm brake', async () => {
    const world = worldWith((around) => {
      around.dryRun = () => {
        throw new Waiting('DryRunRefused', 'exceeded quota', {
          cause: new ApiError(403, 'Forbidden', 'exceeded quota'),
        });
      };
    });
    expect(await world.run()).toMatchObject({ next: 'after' });
    expect(world.ready()).toMatchObject({ reason: 'DryRunRefused', message: 'exceeded quota' });
    expect(conditionOf(world, 'Planned')).toMatchObject({ status: 'True', reason: 'PlanMade' });
    expect(world.status().plan?.diff).toBeDefined();
    expect(world.around.failed).toEqual(['uid-1/1']);
    expect(world.packages.size).toBe(0);
  });

  test.each(['the API server warns: old', 'no dry run of the patch: the operator may not patch deployments'])(
    'what came of the dry run stays in the plan once it is published, without another write: %s',
    async (words) => {
      const world = worldWith((around) => {
        around.dryRun = () => [words];
      });
      await world.run();
      await world.run();
      expect(world.status().plan?.warnings).toContain(words);
      expect(world.statusWrites).toHaveLength(1);
    },
  );

  test('what the dry run warns of stands in the plan', async () => {
    const world = worldWith((around) => {
      around.dryRun = () => ['replicas are a lot'];
    });
    await world.run();
    expect(world.status().plan?.warnings).toContain('replicas are a lot');
  });
});

describe('somebody else wants the field', () => {
  test('an older intent with another value has it, until it gives way', async () => {
    const world = worldWith((around) => {
      around.rival = { key: 'shop/older', uid: 'u', createdAt: '2026-01-01T00:00:00Z', field: 'f', value: '3' };
    });
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'ConflictingIntent' });
    expect(conditionOf(world, 'Conflicted')).toMatchObject({ status: 'True', reason: 'ConflictingIntent' });
    expect(conditionOf(world, 'Stalled')).toBeUndefined();
    expect(world.packages.size).toBe(0);
    world.around.rival = undefined;
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(conditionOf(world, 'Conflicted')).toBeUndefined();
  });

  test('an autoscaler has it, unless a policy makes that a warning', async () => {
    const world = worldWith((around) => {
      around.autoscaler = 'HorizontalPodAutoscaler web';
    });
    await world.run();
    expect(conditionOf(world, 'Conflicted')).toMatchObject({ status: 'True', reason: 'ManagedByAutoscaler' });
    expect(world.ready()?.message).toContain('HorizontalPodAutoscaler web');
    world.around.policies = [policy('loose', { autoscaler: 'Warn' })];
    await world.run();
    expect(conditionOf(world, 'Conflicted')).toBeUndefined();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(world.status().plan?.warnings?.join()).toContain('HorizontalPodAutoscaler web');
  });
});

test('a spec that is rejected before it has a plan tells of no plan of another spec, and keeps the package', async () => {
  const world = worldWith((around) => {
    around.base = { ...found, owner: { tool: 'Flux', kind: 'Kustomization', name: 'apps', from: 'label' } };
    around.policies = [policy('caps', { replicas: { max: 40 } })];
  });
  await world.run();
  const { change, plan, owner, policy: verdict, package: claimed } = world.status();
  expect([change, plan, owner, verdict, claimed].every((part) => part !== undefined)).toBe(true);
  const spec = { intentType: 'scaling', target: 'web', replicas: 5, correlationId: 'c' };
  for (const [at, wrong] of [{ targetKind: 'DaemonSet' }, { replicas: 500 }, { namespace: 'No' }].entries()) {
    world.put(intent({ spec: { ...spec, ...wrong }, generation: 2 + 2 * at, status: world.status() }));
    await world.run();
    expect(conditionOf(world, 'Stalled')).toMatchObject({ status: 'True' });
    for (const part of ['change', 'plan', 'owner', 'policy']) expect(world.status()).not.toHaveProperty(part);
    expect(world.status().package).toEqual({ ...claimed, generation: world.status().package?.generation });
    expect(conditionOf(world, 'Planned')?.status).not.toBe('True');
    world.put(intent({ spec, generation: 3 + 2 * at, status: world.status() }));
    await world.run();
    expect(world.status()).toMatchObject({ change, plan: { action: 'Change' } });
  }
});

test('what only a later step finds of a kind leaves the change that is asked for, and no plan', async () => {
  const world = worldWith(() => {});
  await world.run();
  world.around.readFailures = [new Rejected('UnsupportedTargetKind', 'it has no scale')];
  world.put(intent({ spec: { ...goodSpec, replicas: 7 }, generation: 2, status: world.status() }));
  await world.run();
  expect(world.status()).toMatchObject({ change: 'replicas → 7' });
  expect(world.status()).not.toHaveProperty('plan');
  expect(conditionOf(world, 'Planned')).toMatchObject({ status: 'False', reason: 'UnsupportedTargetKind' });
});

test('a failure that passes, and a suspension, leave the plan that was made', async () => {
  const world = worldWith(() => {});
  await world.run();
  const { change, plan } = world.status();
  world.around.readFailures = [new ConnectionError('no answer')];
  world.put(intent({ spec: { ...goodSpec, replicas: 7 }, generation: 2, status: world.status() }));
  await world.run();
  expect(world.ready()).toMatchObject({ reason: 'ApiUnavailable' });
  expect(world.status()).toMatchObject({ change: 'replicas → 7', plan: { planDigest: plan?.planDigest } });
  world.put(
    intent({
      spec: { ...goodSpec, suspend: true },
      generation: 3,
      status: { ...world.status(), change: change ?? '' },
    }),
  );
  await world.run();
  expect(world.status()).toMatchObject({ change, plan: { planDigest: plan?.planDigest } });
});

describe('policies', () => {
  test('a refusal stalls, names policy and rule, is counted once, and leaves the package that is there', async () => {
    const world = worldWith(() => {});
    await world.run();
    world.around.policies = [policy('caps', { replicas: { max: 4 } })];
    await world.run();
    await world.run();
    expect(world.ready()).toMatchObject({ reason: 'PolicyDenied' });
    expect(world.ready()?.message).toMatch(/policy caps, replicas\.max/);
    expect(conditionOf(world, 'Stalled')).toMatchObject({ status: 'True' });
    expect(world.status().policy).toMatchObject({
      decision: 'Refuse',
      considered: [{ policy: 'caps', rule: 'replicas.max' }],
    });
    expect(world.denied).toEqual(['replicas.max']);
    expect(world.packages.has('shop/web-5')).toBe(true);
    expect(conditionOf(world, 'Packaged')).toMatchObject({ status: 'True' });
  });

  test('of more than the status has room for, those that stand against the change are told first', async () => {
    const world = worldWith((around) => {
      const many = Array.from({ length: 70 }, (_, i) => policy(`p-${i}`, { replicas: { max: 40 } }));
      around.policies = [...many, policy('zz', { replicas: { max: 4 } })];
    });
    await world.run();
    const told = world.status().policy?.considered ?? [];
    expect(told).toHaveLength(64);
    expect(told.at(-1)).toMatchObject({ policy: 'zz', result: 'Refuse', rule: 'replicas.max' });
    expect(told.map((one) => one.policy)).toEqual(told.map((one) => one.policy).toSorted());
  });

  test('an edit of a policy that changes no verdict costs a published intent no write', async () => {
    const world = worldWith((around) => {
      around.policies = [policy('caps', { replicas: { max: 40 } })];
    });
    await world.run();
    world.around.policies = [{ ...policy('caps', { replicas: { max: 30 } }), generation: 2 }];
    await world.run();
    expect(world.statusWrites).toHaveLength(1);
  });

  test('while policies are not known nothing goes ahead, and it is tried again', async () => {
    const world = worldWith((around) => {
      around.policies = undefined;
    });
    expect(await world.run()).toEqual({ next: 'backoff' });
    expect(world.ready()).toMatchObject({ reason: 'PolicyUnavailable' });
    expect(world.packages.size).toBe(0);
  });

  test('nothing is published without its place in the books, and a place is taken once', async () => {
    const world = worldWith((around) => {
      around.reserveFailures = [new Transient('PolicyUnavailable', 'no answer')];
    });
    await world.run();
    expect(world.packages.size).toBe(0);
    expect(world.ready()).toMatchObject({ reason: 'PolicyUnavailable' });
    await world.run();
    await world.run();
    expect(world.packages.size).toBe(1);
    expect(world.around.reserved).toEqual(['uid-1/1']);
  });

  test('full books are waited for until they have room', async () => {
    const world = worldWith((around) => {
      around.full = { policy: 'rates', until: new Date(around.base === found ? 0 : 0) };
    });
    expect(await world.run()).toEqual({ next: 'after', ms: 1_000 });
    expect(world.ready()).toMatchObject({ reason: 'RateLimited' });
  });

  test('books that are full only when the place is to be taken name the rule, in the words of the next look', async () => {
    const world = worldWith((around) => {
      around.policies = [policy('rates', { rate: { perTargetPerHour: 1, perNamespacePerHour: 9 } })];
      around.whileReserving = () => {
        const claim = claimOf({ namespace: 'shop', apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', id: 'x/1' });
        const taken = reserve(EMPTY_LEDGER, {}, claim, world.clock.now());
        around.usage = new Map([['rates', { ledger: 'ledger' in taken ? taken.ledger : EMPTY_LEDGER }]]);
        around.full = { policy: 'rates', until: new Date(world.clock.now().getTime() + 3_600_000) };
      };
    });
    await world.run();
    const told = world.ready();
    expect(told?.message).toMatch(
      /^policy rates, rate\.perTargetPerHour: at most 1 within an hour: all used up, until [^;]*$/,
    );
    expect(await world.run()).toMatchObject({ next: 'after' });
    expect(world.ready()).toEqual(told);
  });

  test('many who wait for one place look again one after the other, and none before it comes free', async () => {
    const world = worldWith((around) => {
      around.policies = [policy('rates', { rate: { perNamespacePerHour: 1 } })];
    });
    const now = world.clock.now();
    const claim = claimOf({ namespace: 'shop', apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', id: 'x/1' });
    const taken = reserve(EMPTY_LEDGER, {}, claim, new Date(now.getTime() - 59.5 * 60_000));
    const ledger = 'ledger' in taken ? taken.ledger : EMPTY_LEDGER;
    world.around.usage = new Map([['rates', { ledger, storm: CALM }]]);
    const waits = new Set<number>();
    for (let i = 0; i < 20; i += 1) {
      world.put(intent({ uid: `uid-${i}` }));
      const next = await world.run();
      waits.add(typeof next === 'object' && 'ms' in next ? next.ms : 0);
    }
    expect(world.ready()).toMatchObject({ reason: 'RateLimited' });
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...waits)).toBeLessThan(61_000);
    expect(waits.size).toBeGreaterThan(15);
  });

  describe('while the place of a change is written', () => {
    const rates = policy('rates', { rate: { perTargetPerHour: 9 } });

    test('a policy that comes, and a person who takes an approval back, are in time', async () => {
      const world = worldWith((around) => {
        around.policies = [rates, always];
      });
      await world.run();
      approve(world, 'ann');
      world.around.whileReserving = () => {
        world.around.approvals = [];
      };
      await world.run();
      expect(world.packages.size).toBe(0);
      expect(world.ready()).toMatchObject({ reason: 'AwaitingApproval' });
      approve(world, 'ann');
      world.around.whileReserving = () => {
        world.around.policies = [rates, always, policy('caps', { replicas: { max: 4 } })];
      };
      await world.run();
      expect(world.packages.size).toBe(0);
      expect(world.ready()).toMatchObject({ reason: 'PolicyDenied' });
      expect(world.status().policy).toMatchObject({ decision: 'Refuse' });
      expect(world.around.reads).toBe(3);
    });

    test('an intent that is suspended, or wants something else, is not published as it was', async () => {
      const world = worldWith((around) => {
        around.policies = [rates];
        around.whileReserving = () => {
          const spec = { intentType: 'scaling', target: 'web', replicas: 5, correlationId: 'c', suspend: true };
          world.put(intent({ spec, generation: 2 }));
        };
      });
      await world.run();
      expect(world.packages.size).toBe(0);
      expect(world.statusWrites).toEqual([]);
      world.around.whileReserving = () => {};
      await world.run();
      expect(world.ready()).toMatchObject({ reason: 'Suspended' });
    });
  });

  test('a publication that fails counts for the storm brake', async () => {
    const world = worldWith(() => {});
    world.publishFailures = [new Transient('StorageFull', 'no space')];
    await world.run();
    expect(world.around.failed).toEqual(['uid-1/1']);
  });

  test('a dry run waits for nobody, and says what it would wait for', async () => {
    const world = new ReconcileWorld();
    world.around.base = found;
    world.around.policies = [always];
    world.put(
      intent({ spec: { intentType: 'scaling', target: 'web', replicas: 5, correlationId: 'c', dryRun: true } }),
    );
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'DryRun' });
    expect(world.status().plan?.warnings?.join()).toMatch(/approval/);
    expect(world.around.reserved).toEqual([]);
  });
});

describe('approval', () => {
  test('a plan that waits for people is not stalled and not published; an approval of it lets it through', async () => {
    const world = worldWith((around) => {
      around.policies = [always];
    });
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'AwaitingApproval' });
    expect(conditionOf(world, 'Stalled')).toBeUndefined();
    expect(conditionOf(world, 'Approved')).toMatchObject({ status: 'False' });
    expect(world.packages.size).toBe(0);
    approve(world, 'ann');
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'PackageWritten' });
    expect(conditionOf(world, 'Approved')).toMatchObject({ status: 'True', reason: 'Approved' });
  });

  test('a base that moved voids the approval; what was published with it stays', async () => {
    const world = worldWith((around) => {
      around.policies = [always];
    });
    await world.run();
    approve(world, 'ann');
    world.around.base = { ...found, generation: 4, replicas: 9 };
    await world.run();
    expect(world.ready()).toMatchObject({ reason: 'AwaitingApproval' });
    expect(conditionOf(world, 'Approved')).toMatchObject({ status: 'False', reason: 'ApprovalStale' });
    approve(world, 'bob');
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    world.around.base = { ...found, generation: 5, replicas: 5 };
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(conditionOf(world, 'Approved')).toMatchObject({ status: 'True' });
  });

  test('of somebody who asked for the change says nothing once somebody else has written the spec', async () => {
    const spec = { intentType: 'scaling', target: 'web', replicas: 5, correlationId: 'c' } as const;
    const world = worldWith((around) => {
      around.policies = [policy('prod', { approval: { mode: 'Always', author: 'Refuse' } })];
    });
    world.put(intent({ spec: { ...spec, requestedBy: 'ann' } }));
    await world.run();
    approve(world, 'ann');
    await world.run();
    expect(conditionOf(world, 'Approved')).toMatchObject({ reason: 'ApprovalNotCounted' });
    world.put(intent({ spec: { ...spec, requestedBy: 'bob', reason: 'typo' }, generation: 2, status: world.status() }));
    await world.run();
    expect(world.packages.size).toBe(0);
    expect(conditionOf(world, 'Approved')).toMatchObject({ status: 'False', reason: 'ApprovalStale' });
  });

  test('a rejection stalls and holds until the spec changes, even when the base moves or it is deleted', async () => {
    const world = worldWith((around) => {
      around.policies = [always];
    });
    await world.run();
    approve(world, 'ann', 'Reject');
    await world.run();
    expect(world.ready()).toMatchObject({ reason: 'ApprovalRejected' });
    expect(conditionOf(world, 'Stalled')).toMatchObject({ status: 'True' });
    world.around.approvals = [];
    world.around.base = { ...found, generation: 4, replicas: 4 };
    await world.run();
    expect(world.ready()).toMatchObject({ reason: 'ApprovalRejected' });
  });
});

test('who waits because the guard is broken looks each minute whether it is mended, and others rely on watches', async () => {
  const world = worldWith((around) => {
    around.policies = [always];
    around.guard = { broken: 'no policy' };
  });
  expect(await world.run()).toMatchObject({ ms: 60_000 });
  world.around.guard = { trustedSince: world.clock.now() };
  expect(await world.run()).toMatchObject({ ms: 300_000 });
  expect(world.ready()?.message).not.toContain('no policy');
});

describe('who else owns the field can not be found out', () => {
  const asks = (spec: Parameters<typeof policy>[1]) => (around: ReconcileWorld['around']) => {
    around.policies = [policy('asks', spec)];
  };

  test('autoscalers that can not be listed: a policy that refuses them waits; with none it is a warning', async () => {
    const world = worldWith(asks({ autoscaler: 'Refuse' }));
    world.around.autoscalersUnknown = 'autoscalers of shop may not be listed';
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'PolicyUnresolved' });
    world.around.policies = [];
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(world.status().plan?.warnings).toContain('autoscalers of shop may not be listed');
  });

  test.each<[string, ReconcileWorld['around']['base']]>([
    ['metadata that may not be read', { ...found, labels: 'unknown' }],
    ['a target that may not be read', { state: 'unreadable', why: 'no rights' }],
    ['a target that nobody asked for', { state: 'not-asked' }],
  ])('%s: a policy that refuses other owners waits', async (_, base) => {
    const world = worldWith(asks({ gitOps: 'Refuse' }));
    world.around.base = base;
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'PolicyUnresolved' });
    world.around.base = found;
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
  });

  test('a target that does not exist has no owner', async () => {
    const world = worldWith(asks({ gitOps: 'Refuse', autoscaler: 'Refuse' }));
    world.around.base = { state: 'missing' };
    await world.run();
    expect(world.ready()).toMatchObject({ status: 'True' });
  });
});

test('a no to the plan that the status told holds, though the target moved before it was heard', async () => {
  const world = worldWith((around) => {
    around.policies = [always];
  });
  await world.run();
  approve(world, 'ann', 'Reject');
  world.around.base = { ...found, generation: 4, replicas: 4 };
  await world.run();
  expect(world.ready()).toMatchObject({ reason: 'ApprovalRejected' });
});

test('a yes to that plan does not', async () => {
  const world = worldWith((around) => {
    around.policies = [always];
  });
  await world.run();
  approve(world, 'ann');
  world.around.base = { ...found, generation: 4, replicas: 4 };
  await world.run();
  expect(conditionOf(world, 'Approved')).toMatchObject({ status: 'False', reason: 'ApprovalStale' });
});

describe('the second look at a published change', () => {
  test('finds what the first one found, so it costs no write, whatever rules there were at the door', async () => {
    const world = worldWith((around) => {
      around.policies = [
        policy('door', {
          rate: { perTargetPerHour: 3 },
          windows: [{ effect: 'Deny', schedule: '0 0 2 6 *', duration: '1m' }],
        }),
        policy('people', { approval: { mode: 'Always', author: 'Allow' } }),
        policy('steps', { replicas: { maxDelta: 9 } }),
      ];
      around.dryRun = () => ['the API server warns: replicas are a lot'];
    });
    await world.run();
    approve(world, 'ann');
    await world.run();
    const writes = world.statusWrites.length;
    expect(world.status().policy).toMatchObject({
      decision: 'Allow',
      considered: [{ policy: 'door' }, { policy: 'people', result: 'Allow' }, { policy: 'steps' }],
    });
    await world.run();
    expect(world.statusWrites).toHaveLength(writes);
  });
});
