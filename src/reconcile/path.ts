import { Rejected, Transient, Waiting } from '../api/errors.ts';
import type { ResolvedSpec } from '../api/resolve.ts';
import { resolveSpec } from '../api/resolve.ts';
import type { PatchIntent } from '../api/types.ts';
import { checkName, checkSpec, describeFindings, reasonOf } from '../api/validate.ts';
import { changeTypeOf } from '../changes/index.ts';
import type { Plan } from '../kpt/change.ts';
import type { Package } from '../kpt/package.ts';
import type { Published, Publisher } from '../kpt/publisher/publisher.ts';
import { renderPackage } from '../kpt/render.ts';
import type { Labels, Unknown } from '../policy/input.ts';
import { consents } from '../policy/reach.ts';
import { keyOf } from './key.ts';
import { heed, admit as letThrough, pendingOf, waitUntil } from './permit/admit.ts';
import type { ApprovalQuestion, ApprovalState } from './permit/approvals.ts';
import { type Circumstances, type Consideration, consider, targetOf } from './permit/consider.ts';
import { decideApproval } from './permit/decide-approval.ts';
import { fullWords } from './permit/full-words.ts';
import type { World } from './permit/world.ts';
import type { Base } from './plan/base.ts';

/**
 * The path of one intent: Loaded ─validate► Accepted ─plan► Planned ─observe► Observed ─consider► Considered ─hear► Heard
 * ─admit► Allowed ─rehearse► Rehearsed ─reserve► Reserved ─render► Rendered ─publish► Delivered.
 * Each arrow takes what only the arrow before can make (the private brand), so no step can be left out. `observe`, `hear`,
 * `rehearse`, `reserve` and `publish` act; the others are pure. All throw a `Failure` for what stops the intent.
 */
declare const made: unique symbol;
type By<Step extends string> = { readonly [made]: Step };
type After<Before> = Omit<Before, typeof made>;

export interface Loaded {
  readonly intent: PatchIntent;
}
export interface Accepted extends Loaded, By<'validate'> {
  readonly spec: ResolvedSpec;
}
export interface Planned extends After<Accepted>, By<'plan'> {
  readonly plan: Plan;
}
export interface Observed extends After<Planned>, By<'observe'> {
  readonly circumstances: Circumstances;
}
export interface Considered extends After<Observed>, By<'consider'> {
  readonly considered: Consideration;
  /** For the reviewer. */
  readonly warnings: readonly string[];
}
export interface Heard extends After<Considered>, By<'hear'> {
  /** Absent where nobody has to agree. */
  readonly approval?: ApprovalState;
}
export interface Allowed extends After<Heard>, By<'admit'> {}
export interface Rehearsed extends After<Allowed>, By<'rehearse'> {}
export interface Reserved extends After<Rehearsed>, By<'reserve'> {}
export interface Rendered extends After<Reserved>, By<'render'> {
  readonly package: Package;
}
export interface Delivered extends After<Rendered>, By<'publish'> {
  readonly published: Published;
}
/** The furthest step that a run that failed may have reached, as far as its status tells of it. */
export type Reached = Accepted | Planned | Heard | Rendered;

/** What the operator allows, from its settings. */
export interface Rules {
  /** Bound on the namespaces that an intent of another namespace may target; empty: policies alone decide. */
  readonly allowedTargetNamespaces: ReadonlySet<string>;
  readonly strictMode: boolean;
}

/** Checks the stored spec again (the object may predate the schema) and fills the defaults. */
export function validate(loaded: Loaded, rules: Rules): Accepted {
  const { spec, metadata } = loaded.intent;
  const findings = [...checkName(metadata.name), ...checkSpec(spec)];
  if (findings.length > 0) throw new Rejected(reasonOf(findings), describeFindings(findings));
  const resolved = resolveSpec(spec, metadata.namespace);
  const { allowedTargetNamespaces: bound } = rules;
  if (resolved.namespace !== metadata.namespace && bound.size > 0 && !bound.has(resolved.namespace)) {
    throw new Rejected(
      'TargetNotAllowed',
      `target namespace ${resolved.namespace} is not the namespace of the intent (${metadata.namespace}) and not in --allowed-target-namespaces`,
    );
  }
  return { ...loaded, spec: resolved } as Accepted;
}

/** Plans from the intent alone. */
export function plan(accepted: Accepted): Planned {
  const type = changeTypeOf(accepted.spec.intentType);
  if (type === undefined)
    throw new Rejected('UnsupportedIntentType', `intent_type must be 'scaling', not '${accepted.spec.intentType}'`);
  return { ...accepted, plan: type.plan(accepted.spec) } as unknown as Planned;
}

/** What the cluster has to do with the plan, as it is now. */
export async function observe(planned: Planned, world: World, signal: AbortSignal): Promise<Observed> {
  const base = mayLook(planned, world) ? await world.targets.read(planned.spec, signal) : NOT_ASKED;
  // Asked after the read, so that all of this is as new as it can be.
  return lookAround(planned, base, world);
}

/** What is known by now beside the target: the write of a place under a rate may have taken its time. */
export const lookAgain = (reserved: Reserved, world: World): Observed =>
  lookAround(reserved, reserved.circumstances.base, world);

function lookAround(planned: After<Planned>, base: Base, world: World): Observed {
  const { metadata, status } = planned.intent;
  const { surroundings } = world;
  const target = targetOf(planned.spec);
  const policies = surroundings.policies();
  const unknown = surroundings.autoscalersUnknown(target.namespace);
  if (policies === undefined) throw new Transient('PolicyUnavailable', 'the policies of the cluster are not known yet');
  const autoscaler = mayLook(planned, world) ? surroundings.autoscalerOf(target) : undefined;
  const rival = surroundings.rivalOf(keyOf(metadata));
  const circumstances: Circumstances = {
    base,
    ...(autoscaler === undefined ? {} : { autoscaler }),
    ...(rival === undefined ? {} : { rival }),
    unknown: unknown === undefined ? [] : [unknown],
    namespaceLabels: surroundings.namespaceLabels(metadata.namespace),
    targetNamespaceLabels: surroundings.namespaceLabels(target.namespace),
    policies,
    usage: world.books.usage(policies),
    // A generation has one spec, so its package is of this very change.
    published: status?.package?.generation === metadata.generation,
    now: world.clock.now(),
  };
  return { ...planned, circumstances } as unknown as Observed;
}

/** What is there is nobody's business in a namespace that has not let this one in: the status would tell of it. */
function mayLook({ intent: { metadata }, spec }: After<Planned>, { surroundings }: World): boolean {
  return (
    spec.namespace === metadata.namespace || letsIn(surroundings.namespaceLabels(spec.namespace), metadata.namespace)
  );
}

const NOT_ASKED: Base = Object.freeze({ state: 'not-asked' });

const letsIn = (labels: Labels | Unknown, from: string): boolean => labels !== 'unknown' && consents(labels, from);

/** Holds the plan against the live target and the policies. */
export function weigh(observed: Observed): Considered {
  const { intent, spec, plan: made, circumstances } = observed;
  const considered = consider({ metadata: intent.metadata, spec, plan: made }, circumstances);
  const warnings = [...considered.live.warnings, ...considered.verdict.warnings];
  return { ...observed, considered, warnings } as unknown as Considered;
}

/** What people have said to the plan, where a policy wants them to agree. */
export async function hear(weighed: Considered, world: World, signal: AbortSignal): Promise<Heard> {
  const { intent, spec, considered } = weighed;
  const requirement = considered.verdict.approval;
  const rejected = considered.published ? undefined : rejectionOf(intent);
  if (requirement === undefined) {
    // A rejection holds until the spec changes, also when nobody has to agree any more.
    const approval = rejected === undefined ? {} : { approval: rejectedBefore(rejected) };
    return { ...weighed, ...approval } as unknown as Heard;
  }
  const { namespace, name, creationTimestamp } = intent.metadata;
  const approvals = world.surroundings.approvals(namespace, name);
  const approval = decideApproval({
    intent: { namespace, name },
    requirement,
    planDigest: considered.planDigest,
    ...toldBefore(intent),
    ...(spec.requestedBy === undefined ? {} : { requestedBy: spec.requestedBy }),
    intentCreatedAt: new Date(creationTimestamp ?? 0),
    approvals,
    guard: await world.guard.state(signal, approvals),
    ...(rejected === undefined ? {} : { rejected }),
    now: world.clock.now(),
  });
  return { ...weighed, approval } as unknown as Heard;
}

function toldBefore({ metadata, status }: PatchIntent): Pick<ApprovalQuestion, 'toldDigest'> {
  const toldDigest = status?.observedGeneration === metadata.generation ? status.plan?.planDigest : undefined;
  return toldDigest === undefined ? {} : { toldDigest };
}

/** The message of a rejection that the status tells of for this very spec. */
function rejectionOf({ metadata, status }: PatchIntent): string | undefined {
  return status?.conditions?.find(
    ({ type, reason, observedGeneration }) =>
      type === 'Approved' && reason === 'ApprovalRejected' && observedGeneration === metadata.generation,
  )?.message;
}

const rejectedBefore = (message: string): ApprovalState => ({ given: false, reason: 'ApprovalRejected', message });

/** May this plan go ahead? */
export function admit(heard: Heard, rules: Rules): Allowed {
  const { considered, approval, spec, circumstances, warnings } = heard;
  const { strictMode } = rules;
  letThrough(considered, approval, { strictMode, dryRun: spec.dryRun, now: circumstances.now });
  if (!spec.dryRun) return heard as unknown as Allowed;
  return { ...heard, warnings: [...warnings, ...pendingOf(considered, approval)] } as unknown as Allowed;
}

/** Asks the API server what it would say to the patch, where that is wanted and there is something to patch. */
export async function rehearse(
  allowed: Allowed,
  world: World,
  { strictMode }: Rules,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const { considered, spec, plan: made, warnings } = allowed;
  if (considered.live.action !== 'Change' || considered.published) return allowed as unknown as Rehearsed;
  const said = await world.targets.dryRun(made.patch, targetOf(spec), signal);
  heed(said, strictMode);
  return { ...allowed, warnings: [...warnings, ...said] } as unknown as Rehearsed;
}

/** Takes the place of the change under the rate limits of the policies, durably, before anything is written for it. */
export async function reserve(rehearsed: Rehearsed, world: World, signal: AbortSignal): Promise<Reserved> {
  const { considered, spec, circumstances } = rehearsed;
  if (considered.published || spec.dryRun) return rehearsed as unknown as Reserved;
  const full = await world.books.reserve(considered.applying, considered.input, signal);
  if (full === undefined) return rehearsed as unknown as Reserved;
  const message = fullWords(full, considered.applying, considered.input, world.books, world.clock.now());
  throw new Waiting('RateLimited', message, {
    retryAfterMs: waitUntil(full.until, circumstances.now),
  });
}

/** Makes the bytes of the package in memory. */
export function render(reserved: Reserved): Rendered {
  return { ...reserved, package: renderPackage(reserved.plan) } as unknown as Rendered;
}

/** Resolves once the package is durable under its stable name. */
export async function publish(rendered: Rendered, publisher: Pick<Publisher, 'publish'>): Promise<Delivered> {
  const { metadata } = rendered.intent;
  const { reason, source, correlationId } = rendered.spec;
  const published = await publisher.publish({
    namespace: metadata.namespace,
    intent: metadata.name,
    package: rendered.package,
    record: {
      uid: metadata.uid,
      generation: metadata.generation,
      ...(reason === undefined ? {} : { reason }),
      ...(source === undefined ? {} : { source }),
      ...(correlationId === undefined ? {} : { correlationId }),
    },
  });
  return { ...rendered, published } as unknown as Delivered;
}
