import type { GuardBinding, GuardPolicy } from '../../api/guards/guard.ts';
import { GUARDS } from '../../api/guards/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import type { ApprovalQuestion } from './approvals.ts';
import { type Finding, inspect, type StoredGuard } from './guard-object.ts';
import type { Guard } from './world.ts';

export interface GuardOptions {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** False: approvals count without a guard. Nothing is asked then. */
  readonly enforce: boolean;
}

type Answer = ApprovalQuestion['guard'];

interface Asked {
  readonly answer: Answer;
  /** Before the first request went out; what came to be later may have come to be under another guard. */
  readonly beganAt: Date;
  readonly began: number;
}

const REMEMBERED_MS = 7_500;
/** How far the clock of the API server may be behind ours for a young approval to be seen as one. */
const CLOCK_SKEW_MS = 5_000;
/** API servers learn of a policy by watches of their own; and their times are whole seconds. */
const COMES_INTO_FORCE_MS = 5_000;
const TIMEOUT_MS = 10_000;
const GROUP = 'admissionregistration.k8s.io';
const RESOURCES = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
} as const;
const OBJECTS: readonly (GuardPolicy | GuardBinding)[] = [GUARDS.approver, GUARDS['requested-by']].flatMap(
  ({ policy, binding }) => [policy, binding],
);
const REMEDY = 'install the admission policies of this version as they are, with the chart or config/guards';

/**
 * Looks whether the policies that keep the names of approvers and authors true are in force: installed, bound, and as we
 * know them. Asks the API server at most once at a time, remembers the answer for a few seconds, and asks again for an
 * approval that is younger than the answer, since under a guard that was gone for a moment anybody may have made it.
 * Rejects with the error of a server that does not answer; nothing is remembered then.
 */
export function createGuard(client: Pick<KubeClient, 'request'>, { clock, enforce }: GuardOptions): Guard {
  const memory: { last?: Asked; asking?: Promise<void> } = {};

  const ask = async (): Promise<void> => {
    const begin = { beganAt: clock.now(), began: clock.monotonic() };
    try {
      memory.last = { ...begin, answer: answerOf(await Promise.all(OBJECTS.map((object) => look(client, object)))) };
    } finally {
      delete memory.asking;
    }
  };

  return {
    async state(signal, approvals = []) {
      if (!enforce) return 'not-asked';
      const called = clock.monotonic();
      const newest = Math.max(...approvals.map(({ createdAt }) => createdAt.getTime()));
      for (;;) {
        signal.throwIfAborted();
        const { last } = memory;
        if (last !== undefined && (last.began >= called || stillHolds(last, newest, called))) return last.answer;
        // One that is under way may have begun too early for this caller; then there is another round.
        await (memory.asking ??= ask());
      }
    },
  };
}

function stillHolds({ began, beganAt }: Asked, newest: number, now: number): boolean {
  return now - began < REMEMBERED_MS && newest < beganAt.getTime() - CLOCK_SKEW_MS;
}

/** Where the API server has an object of a guard. */
export const guardPath = ({ apiVersion, kind, metadata }: GuardPolicy | GuardBinding): string =>
  `/apis/${apiVersion}/${RESOURCES[kind]}/${metadata.name}`;

async function look(client: Pick<KubeClient, 'request'>, ours: GuardPolicy | GuardBinding): Promise<Finding> {
  const resource = RESOURCES[ours.kind];
  const what = `${ours.kind} ${ours.metadata.name}`;
  const path = guardPath(ours);
  try {
    const finding = inspect(
      ours,
      (await client.request<StoredGuard>({ method: 'GET', path, timeoutMs: TIMEOUT_MS })).body,
    );
    return 'wrong' in finding ? { wrong: `${what} ${finding.wrong}; delete it, and ${REMEDY}` } : finding;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return { wrong: `${what} is not installed; ${REMEDY}` };
    if (error.status === 403)
      return { wrong: `the operator may not get ${resource}.${GROUP}; grant it, with the chart or config/rbac` };
    throw error;
  }
}

function answerOf(findings: readonly Finding[]): Answer {
  const wrong = findings.find((finding) => 'wrong' in finding);
  if (wrong !== undefined) return { broken: wrong.wrong };
  const since = findings.map((finding) => ('since' in finding ? finding.since.getTime() : Number.POSITIVE_INFINITY));
  return { trustedSince: new Date(Math.max(...since) + COMES_INTO_FORCE_MS) };
}
