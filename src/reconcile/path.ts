import { Rejected } from '../api/errors.ts';
import type { ResolvedSpec } from '../api/resolve.ts';
import { resolveSpec } from '../api/resolve.ts';
import type { PatchIntent } from '../api/types.ts';
import { checkName, checkSpec, describeFindings, reasonOf } from '../api/validate.ts';
import { changeTypeOf } from '../changes/index.ts';
import type { Plan } from '../kpt/change.ts';
import type { Package } from '../kpt/package.ts';
import type { Published, Publisher } from '../kpt/publisher/publisher.ts';
import { renderPackage } from '../kpt/render.ts';

/**
 * The path of one intent: Loaded ─validate► Accepted ─plan► Planned ─admit► Allowed ─render► Rendered ─publish► Delivered.
 * Each arrow takes what only the arrow before can make (the private brand), so no step can be left out. All but
 * `publish` are pure, and all throw a `Failure` for what stops the intent.
 */
declare const made: unique symbol;
type By<Step extends string> = { readonly [made]: Step };

export interface Loaded {
  readonly intent: PatchIntent;
}
export interface Accepted extends Loaded, By<'validate'> {
  readonly spec: ResolvedSpec;
}
export interface Planned extends Omit<Accepted, typeof made>, By<'plan'> {
  readonly plan: Plan;
}
export interface Allowed extends Omit<Planned, typeof made>, By<'admit'> {}
export interface Rendered extends Omit<Allowed, typeof made>, By<'render'> {
  readonly package: Package;
}
export interface Delivered extends Omit<Rendered, typeof made>, By<'publish'> {
  readonly published: Published;
}

/** What the operator allows, from its settings. */
export interface Rules {
  /** Namespaces that an intent of another namespace may target. */
  readonly allowedTargetNamespaces: ReadonlySet<string>;
  readonly strictMode: boolean;
}

/** Checks the stored spec again (the object may predate the schema) and fills the defaults. */
export function validate(loaded: Loaded, rules: Rules): Accepted {
  const { spec, metadata } = loaded.intent;
  const findings = [...checkName(metadata.name), ...checkSpec(spec)];
  if (findings.length > 0) throw new Rejected(reasonOf(findings), describeFindings(findings));
  const resolved = resolveSpec(spec, metadata.namespace);
  if (resolved.namespace !== metadata.namespace && !rules.allowedTargetNamespaces.has(resolved.namespace)) {
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

/** May this plan go ahead? Strict mode turns every warning into a refusal. */
export function admit(planned: Planned, rules: Rules): Allowed {
  if (rules.strictMode && planned.plan.warnings.length > 0) {
    throw new Rejected('StrictMode', `strict mode refuses: ${planned.plan.warnings.join('; ')}`);
  }
  return planned as unknown as Allowed;
}

/** Makes the bytes of the package in memory. */
export function render(allowed: Allowed): Rendered {
  return { ...allowed, package: renderPackage(allowed.plan) } as unknown as Rendered;
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
