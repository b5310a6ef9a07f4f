import type { Finding } from '../finding.ts';
import type { PatchIntentSpec } from '../schema/spec.ts';
import { checkWire, isObject, specOf } from './check.ts';
import { WIRE_FIELDS, WIRE_NAMES } from './fields.ts';
import type { WireIntent } from './schema.ts';

export type FromWire =
  | { readonly spec: PatchIntentSpec & { readonly namespace: string }; readonly namespace: string }
  | { readonly findings: readonly Finding[] };

/**
 * The spec that a wire document stands for, with the namespace filled in, or everything that is wrong with it.
 * Together with `toWire` a bijection: `toWire(fromWire(w))` is `w`, and `fromWire(toWire(s, n))` is `s` with its
 * namespace and without `suspend` and `dryRun`.
 */
export function fromWire(value: unknown): FromWire {
  const findings = checkWire(value);
  if (findings.length > 0 || !isObject(value)) return { findings };
  const spec = specOf(value) as PatchIntentSpec & { readonly namespace: string };
  return { spec: Object.freeze(spec), namespace: spec.namespace };
}

/** The wire document of a valid spec. `ownNamespace`, the namespace of the intent, stands in where the spec names none. */
export function toWire(spec: PatchIntentSpec, ownNamespace: string): WireIntent {
  const whole = { ...spec, namespace: spec.namespace ?? ownNamespace };
  const present = WIRE_NAMES.filter((name) => whole[WIRE_FIELDS[name]] !== undefined);
  return Object.freeze(Object.fromEntries(present.map((name) => [name, whole[WIRE_FIELDS[name]]]))) as WireIntent;
}
