import { Failure } from '../../api/errors.ts';
import { GUARDS } from '../../api/guards/index.ts';
import { admit, type Heard, hear, observe, plan, type Rules, validate, weigh } from '../../reconcile/path.ts';
import { heed } from '../../reconcile/permit/admit.ts';
import type { ApprovalQuestion } from '../../reconcile/permit/approvals.ts';
import { targetOf } from '../../reconcile/permit/consider.ts';
import type { Guard, Targets, World } from '../../reconcile/permit/world.ts';
import { NO_DRY_RUN, tellsUnasked } from '../../reconcile/plan/dry-run.ts';
import { type Gap, gapsOf } from './gaps.ts';
import { type ClusterReader, isSeen } from './reader.ts';
import { type Sight, seeAround } from './sight.ts';
import type { Subject } from './subject.ts';

/** With what plans are made: what the operator would be told by its settings, and the rights of the caller. */
export interface Viewpoint {
  readonly reader: ClusterReader;
  readonly targets: Targets;
  readonly guard: Guard;
  readonly rules: Rules;
  readonly policies: boolean;
  readonly livePlans: boolean;
  readonly now: () => Date;
}

/** A plan as the operator would make it, as far as the caller can see what the operator sees. */
export interface Look {
  readonly subject: Subject;
  /** How far the plan came: absent where the intent can not be planned at all. */
  readonly heard?: Heard;
  /** For the reviewer: of the plan, the policies and the dry run. */
  readonly warnings: readonly string[];
  /** What is not known, and so not to be taken for fine. */
  readonly gaps: readonly Gap[];
  /** What stands against it; absent where nothing does that could be seen. */
  readonly failure?: Failure;
}

const NEVER = new AbortController().signal;

/** `call`: all that is planned in one go. Rejects where the server does not answer. */
export async function look(
  subject: Subject,
  viewpoint: Viewpoint,
  call: readonly Subject[] = [subject],
): Promise<Look> {
  const { intent, spec } = subject;
  const { reader, rules, policies, livePlans, now } = viewpoint;
  const { allowedTargetNamespaces } = rules;
  const guard: { unseen?: string } = {};
  try {
    const planned = plan(validate({ intent }, rules));
    const sight = await seeAround(reader, {
      subject,
      call,
      target: targetOf(spec),
      policies,
      livePlans,
      allowedTargetNamespaces,
      now: now(),
    });
    const world = worldOf(sight, viewpoint, (why) => {
      guard.unseen = why;
    });
    const heard = await hear(weigh(await observe(planned, world, NEVER)), world, NEVER);
    const said = await rehearse(heard, viewpoint.targets, rules);
    const gaps = gapsOf({
      ...{ sight, heard, subject },
      ...(guard.unseen === undefined ? {} : { guard: guard.unseen }),
      ...(said.unasked === undefined ? {} : { dryRun: said.unasked }),
    });
    const failure = refusalOf(heard, rules) ?? said.failure;
    return {
      subject,
      heard,
      warnings: [...new Set([...heard.warnings, ...said.warnings])],
      gaps,
      ...(failure === undefined ? {} : { failure }),
    };
  } catch (error) {
    if (error instanceof Failure) return { subject, warnings: [], gaps: [], failure: error };
    throw error;
  }
}

function refusalOf(heard: Heard, rules: Rules): Failure | undefined {
  try {
    admit(heard, rules);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

interface Rehearsal {
  readonly warnings: readonly string[];
  /** Why the caller may not ask. */
  readonly unasked?: string;
  readonly failure?: Failure;
}

/** The operator asks last of all; who plans wants to know also where something else stands against it. */
async function rehearse(
  { considered, plan: made, spec }: Heard,
  targets: Targets,
  { strictMode }: Rules,
): Promise<Rehearsal> {
  if (considered.live.action !== 'Change' || considered.published) return { warnings: [] };
  let said: readonly string[] = [];
  try {
    said = await targets.dryRun(made.patch, targetOf(spec), NEVER);
    // That the caller may not ask says nothing of the operator.
    const unasked = said.find(tellsUnasked);
    if (unasked !== undefined) return { warnings: [], unasked: unasked.slice(NO_DRY_RUN.length) };
    heed(said, strictMode);
    return { warnings: said };
  } catch (error) {
    if (error instanceof Failure) return { warnings: said, failure: error };
    throw error;
  }
}

/** The steps of the operator ask this. What is not known counts as not there here, and is told beside. */
function worldOf(
  sight: Sight,
  { reader, targets, guard, now }: Viewpoint,
  onUnseenGuard: (why: string) => void,
): World {
  const { policies, usage, namespaces, autoscaler, approvals, rival } = sight;
  return {
    targets,
    surroundings: {
      autoscalerOf: () => (isSeen(autoscaler) ? autoscaler.value : undefined),
      // Told as a gap: that the caller may not see it is nothing that the operator would warn of.
      autoscalersUnknown: () => undefined,
      namespaceLabels: (namespace) => namespaces.get(namespace) ?? 'unknown',
      policies: () => (isSeen(policies) ? policies.value : []),
      approvals: () => (isSeen(approvals) ? approvals.value : []),
      rivalOf: () => (isSeen(rival) ? rival.value : undefined),
    },
    books: {
      usage: () => usage,
      reserve: async () => undefined,
      failed: () => {},
    },
    guard: {
      async state(signal, decisions) {
        const unseen = await unseenGuard(reader);
        if (unseen === undefined) return guard.state(signal, decisions);
        onUnseenGuard(unseen);
        return 'not-asked' satisfies ApprovalQuestion['guard'];
      },
    },
    clock: { now },
  };
}

/** Why the caller can not see whether approvals are guarded; undefined where they can. */
async function unseenGuard(reader: ClusterReader): Promise<string | undefined> {
  const base = '/apis/admissionregistration.k8s.io/v1';
  const paths = [GUARDS.approver, GUARDS['requested-by']].flatMap(({ policy: { metadata } }) => [
    `${base}/validatingadmissionpolicies/${metadata.name}`,
    `${base}/validatingadmissionpolicybindings/${metadata.name}`,
  ]);
  const seen = await Promise.all(paths.map((path) => reader.get(path)));
  return seen.map((one) => (isSeen(one) ? undefined : one.why)).find((why) => why !== undefined);
}
