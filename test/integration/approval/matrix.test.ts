import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GUARDS } from '../../../src/api/guards/index.ts';
import type { PatchPolicySpec } from '../../../src/api/schema/patchpolicy.ts';
import {
  type ApprovalScene,
  type ApprovalWorld,
  approvalWorld,
  conditionOf,
  planOf,
} from '../../support/approval-world.ts';
import { guardPath, installGuards, untilEnforced } from '../../support/guards.ts';
import { readyWords } from '../../support/operator-world.ts';
import { grant } from '../../support/person.ts';

// All that can become of an approval, with a real operator on a real API server and people with certificates of their own.

const needs = (names: string, approval: Partial<PatchPolicySpec['approval']>): PatchPolicySpec => ({
  match: { namespaces: { names: [names] } },
  approval: { mode: 'Always', author: 'Refuse', timeToLive: '24h', ...approval },
});
const command = (namespace: string): string => `to decide: patchgen approve web --namespace ${namespace}`;

let people: ApprovalWorld;
/** Approved at the very beginning, so that its minute is over when the others are done. */
let brief: ApprovalScene;
let briefUntil: number;

beforeAll(async () => {
  people = await approvalWorld();
  await people.policy('one', needs('one-*', { approvals: 1 }));
  await people.policy('two', needs('two-*', { approvals: 2 }));
  await people.policy('brief', needs('brief', { approvals: 2, timeToLive: '1m' }));
  brief = await people.scene('brief');
  await brief.intend();
  await brief.decide(people.jane);
  await brief.until('AwaitingApproval', '1 of 2 approvals (jane)');
  briefUntil = Date.now() + 60_000;
});
afterAll(async () => people?.stop());
afterEach(() => expect(people.world.statuses.findings).toEqual([]));

async function awaiting(namespace: string, spec: object = {}): Promise<ApprovalScene> {
  const scene = await people.scene(namespace);
  await scene.intend(spec);
  await scene.until('AwaitingApproval', '0 of ');
  return scene;
}

/** Ready, and on disk. */
async function expectPublished({ key, isPublished }: ApprovalScene): Promise<void> {
  await people.world.ready(key);
  expect(isPublished()).toBe(true);
}

describe('one approval', () => {
  test('is waited for, without Stalled and without a package, and then lets the plan go ahead', async () => {
    const scene = await awaiting('one-plain');
    const waiting = await scene.until('AwaitingApproval', command('one-plain'));
    expect(readyWords(waiting)).toBe('False AwaitingApproval');
    expect(conditionOf(waiting, 'Ready')?.message).toBe(`0 of 1 approvals; not by ada; ${command('one-plain')}`);
    expect(conditionOf(waiting, 'Stalled')).toBeUndefined();
    expect(waiting.status?.change).toBe('replicas 3 → 5');
    expect(scene.isPublished()).toBe(false);
    await scene.decide(people.jane);
    await expectPublished(scene);
    expect(conditionOf(await scene.until('Approved'), 'Approved')?.message).toBe('approved by jane');
    expect(scene.isPublished()).toBe(true);
  });

  test('once it has let a package through may go away, and so may the operator', async () => {
    const scene = await awaiting('one-gone');
    const name = await scene.decide(people.jane);
    await expectPublished(scene);
    await people.restart(() => scene.takeBack(name));
    await scene.nudge();
    await expectPublished(scene);
  });

  test('of a spec that has changed since is stale; of the new one it counts', async () => {
    const scene = await awaiting('one-stale');
    const old = await scene.digest();
    await scene.intend({ replicas: 6 });
    await scene.decide(people.jane, { planDigest: old });
    const stale = await scene.until('ApprovalStale', 'not counted: jane (approved another plan)');
    expect(readyWords(stale)).toBe('False AwaitingApproval');
    expect(scene.isPublished()).toBe(false);
    await people.restart();
    await scene.until('ApprovalStale');
    await scene.decide(people.jane);
    await expectPublished(scene);
  });

  test('of a base that has moved since is stale, whether or not the operator had seen it move', async () => {
    const scene = await awaiting('one-moved');
    const old = await scene.digest();
    await scene.change({ spec: { replicas: 4 } });
    await scene.decide(people.jane, { planDigest: old });
    const moved = await scene.until('ApprovalStale', 'not counted: jane (approved another plan)');
    expect(planOf(moved)).not.toBe(old);
    expect(moved.status?.change).toBe('replicas 4 → 5');
    await scene.decide(people.jane);
    await expectPublished(scene);
  });

  test('outlives labels of the target, which are no part of what was looked at', async () => {
    const scene = await awaiting('one-label');
    const old = await scene.digest();
    await scene.change({ metadata: { labels: { busy: 'yes' } } });
    await scene.nudge();
    await scene.decide(people.jane, { planDigest: old });
    await expectPublished(scene);
  });

  test('of another state of the policies is stale', async () => {
    await people.policy('moving', needs('policy-moves', { approvals: 1 }));
    const scene = await awaiting('policy-moves');
    const old = await scene.digest();
    await people.policy('moving', needs('policy-moves', { approvals: 1, timeToLive: '12h' }));
    await people.world.until(scene.key, 'has another plan', (it) => planOf(it) !== old);
    await scene.decide(people.jane, { planDigest: old });
    await scene.until('ApprovalStale');
    await scene.decide(people.bob);
    await expectPublished(scene);
  });

  test('from before the intent was created does not count, though it names the very plan', async () => {
    const scene = await awaiting('one-early');
    const digest = await scene.digest();
    await people.world.remove(scene.key);
    await scene.decide(people.jane, { planDigest: digest });
    await sleep(1_100); // The server gives times in whole seconds.
    await scene.intend();
    expect(await scene.digest()).toBe(digest);
    await scene.until('ApprovalNotCounted', 'jane (approved before this intent was created)');
    await scene.decide(people.jane);
    await expectPublished(scene);
  });
});

describe('the author', () => {
  test('can not approve their own intent, and somebody else can', async () => {
    const scene = await awaiting('one-author');
    await scene.decide(people.ada);
    const own = await scene.until('ApprovalNotCounted', 'not counted: ada (asks for the change)');
    expect(readyWords(own)).toBe('False AwaitingApproval');
    await scene.decide(people.jane);
    expect(conditionOf(await scene.until('Approved'), 'Approved')?.message).toBe('approved by jane');
  });

  test('can not get around it by leaving their name out: then nobody can approve', async () => {
    const scene = await awaiting('one-nobody', { requestedBy: undefined });
    await scene.until('AwaitingApproval', 'nobody can approve it while spec.requestedBy does not say who asks');
    await scene.decide(people.ada);
    await scene.decide(people.jane);
    await scene.until('ApprovalNotCounted', 'ada (may be who asks for the change), jane (may be who asks');
    await scene.intend();
    await scene.until('ApprovalStale', 'ada (approved another plan), jane (approved another plan)');
    await scene.decide(people.jane);
    expect(conditionOf(await scene.until('Approved'), 'Approved')?.message).toBe('approved by jane');
  });

  test('can not get around it by somebody who writes other words into the spec: what they approved is void then', async () => {
    const scene = await awaiting('one-words');
    await scene.decide(people.ada);
    await scene.until('ApprovalNotCounted', 'ada (asks for the change)');
    const path = `/apis/patchgen.dev/v1alpha1/namespaces/one-words/patchintents/web`;
    const words = { spec: { reason: 'a typo', requestedBy: people.bob.name } };
    const writes = { apiGroups: ['patchgen.dev'], resources: ['patchintents'], verbs: ['patch'] };
    const scales = { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] };
    await grant(people.world.plane, 'one-words', 'bob-writes', people.bob.name, [writes, scales]);
    expect(await people.bob.ask('PATCH', path, words, 'application/merge-patch+json')).toBe('200');
    await scene.until('ApprovalStale', 'ada (approved another plan)');
    expect(scene.isPublished()).toBe(false);
  });

  test('can not get around it by a foreign name: the API server refuses that', async () => {
    const scene = await people.scene('one-foreign');
    await expect(scene.intend({ requestedBy: 'bob' })).rejects.toThrow('spec.requestedBy is bob, but you are ada');
  });

  test('can reject', async () => {
    const scene = await awaiting('one-withdrawn');
    await scene.decide(people.ada, { decision: 'Reject' });
    await scene.until('ApprovalRejected', 'rejected by ada');
    expect(scene.isPublished()).toBe(false);
  });
});

describe('two approvals', () => {
  test('are of two people, however often one approves, and an operator that starts between counts on', async () => {
    const scene = await awaiting('two-people');
    await scene.decide(people.jane);
    await scene.decide(people.jane);
    await scene.until('AwaitingApproval', '1 of 2 approvals (jane)');
    await people.restart(() => scene.decide(people.bob));
    expect(conditionOf(await scene.until('Approved'), 'Approved')?.message).toBe('approved by bob, jane');
    await expectPublished(scene);
  });

  test('are one less when one is deleted, also while no operator runs', async () => {
    const scene = await awaiting('two-deleted');
    const first = await scene.decide(people.jane);
    await scene.until('AwaitingApproval', '1 of 2 approvals (jane)');
    await scene.takeBack(first);
    await scene.until('AwaitingApproval', '0 of 2 approvals');
    const second = await scene.decide(people.jane);
    await scene.until('AwaitingApproval', '1 of 2 approvals (jane)');
    await people.restart(async () => {
      await scene.takeBack(second);
      await scene.decide(people.bob);
    });
    await scene.until('AwaitingApproval', '1 of 2 approvals (bob)');
    await scene.decide(people.jane);
    await expectPublished(scene);
  });
});

describe('a rejection', () => {
  test('holds against approvals, deletion, a restart, a moved base and a policy that is gone, until the spec changes', async () => {
    await people.policy('strict', needs('rejected', { approvals: 1 }));
    const scene = await awaiting('rejected');
    const no = await scene.decide(people.jane, { decision: 'Reject' });
    const rejected = await scene.until('ApprovalRejected', 'rejected by jane; this holds until the spec changes');
    expect(readyWords(rejected)).toBe('False ApprovalRejected');
    expect(conditionOf(rejected, 'Stalled')?.status).toBe('True');

    const holds = async (): Promise<void> => {
      await scene.nudge();
      const asked = (await people.world.get(scene.key))?.metadata.annotations?.['patchgen.dev/requestedAt'];
      await people.world.until(scene.key, 'was looked at', ({ status }) => status?.lastHandledReconcileAt === asked);
      await scene.until('ApprovalRejected', 'rejected by jane');
      expect(scene.isPublished()).toBe(false);
    };
    await scene.decide(people.bob);
    await holds();
    await scene.takeBack(no);
    await holds();
    await people.restart(undefined, 'SIGKILL');
    await holds();
    await scene.change({ spec: { replicas: 4 } });
    await scene.decide(people.bob);
    await holds();
    await people.world.plane.request('DELETE', '/apis/patchgen.dev/v1alpha1/patchpolicies/strict');
    await holds();

    await people.policy('strict', needs('rejected', { approvals: 1 }));
    await scene.intend({ replicas: 6 });
    await scene.until('ApprovalStale');
    await scene.decide(people.bob);
    await expectPublished(scene);
  });

  test('of an old plan, which nobody waits for any more, stops nothing', async () => {
    const scene = await awaiting('one-old-no');
    const old = await scene.digest();
    await scene.intend({ replicas: 6 });
    await scene.decide(people.jane, { decision: 'Reject', planDigest: old });
    await scene.until('AwaitingApproval', 'not counted: jane (rejected another plan)');
    await scene.decide(people.bob);
    await expectPublished(scene);
  });
});

test('an approval expires by itself, and can be given again', async () => {
  await sleep(Math.max(0, briefUntil - Date.now()));
  await brief.until('ApprovalExpired', '0 of 2 approvals; not by ada; not counted: jane (approved too long ago)');
  await brief.decide(people.bob);
  await brief.until('AwaitingApproval', '1 of 2 approvals (bob); not by ada; not counted: jane');
  await brief.decide(people.jane);
  await expectPublished(brief);
});

// The last one: what was approved before does not count any more after it.
test('a forged approval is refused; without the guard it is stored and does not count, nor does it when the guard is back', async () => {
  const scene = await awaiting('one-forged');
  const forged = {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchApproval',
    metadata: { name: 'forged' },
    spec: { intent: 'web', planDigest: await scene.digest(), decision: 'Approve', approver: 'jane' },
  };
  const forge = () =>
    people.ada.ask('POST', `/apis/patchgen.dev/v1alpha1/namespaces/one-forged/patchapprovals`, forged);
  expect(await forge()).toContain('spec.approver is jane, but you are ada');

  const { plane } = people.world;
  const { approver } = GUARDS;
  const audit = { spec: { validationActions: ['Audit'] } };
  await plane.request('PATCH', guardPath(approver.binding), audit, 'application/merge-patch+json');
  await untilEnforced(plane, 'approver.patchgen.dev', false);
  expect(await forge()).toBe('201');
  const broken = 'ValidatingAdmissionPolicyBinding approver.patchgen.dev was changed at spec.validationActions';
  await scene.until('ApprovalUnguarded', broken);
  expect(scene.isPublished()).toBe(false);

  // A server-side apply would leave Audit beside Deny: the list is a set, and somebody else put that into it.
  await plane.request('DELETE', guardPath(approver.binding));
  await installGuards(plane);
  await people.restart();
  await scene.until('ApprovalUnguarded', 'jane (approved before the admission policies were in force as they are now)');
  await sleep(6_500); // Until the guard is trusted.
  await scene.decide(people.bob);
  expect(conditionOf(await scene.until('Approved'), 'Approved')?.message).toBe('approved by bob');
  await expectPublished(scene);
});
