import type { Finding } from '../finding.ts';
import { quote } from '../quote.ts';
import { finding, pointerTo } from '../schema-findings.ts';
import { suggest } from '../suggest.ts';
import { checkSpec } from '../validate.ts';
import { isWireField, WIRE_FIELDS, WIRE_NAMES, wireNameOf } from './fields.ts';

/** As many as of a spec: see `checkSpec`. */
const MAX_UNKNOWN = 32;

/**
 * Everything that is wrong with a wire document; empty when it may be used as a `WireIntent`. The messages are those of
 * `checkSpec`, with the names and pointers of this form. Takes any JSON value and never throws.
 */
export function checkWire(value: unknown): readonly Finding[] {
  if (!isObject(value)) return [finding('wrong-type', '', 'the document must be an object (an intent)')];
  const unknown = Object.keys(value).filter((key) => !isWireField(key));
  return Object.freeze([...checkSpec(specOf(value), wireNameOf), ...missing(value), ...unknownFields(unknown)]);
}

/** The members that the spec has too, under the names of the spec. What is not there stays absent. */
export function specOf(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const present = WIRE_NAMES.filter((name) => Object.hasOwn(value, name) && value[name] !== undefined);
  return Object.fromEntries(present.map((name) => [WIRE_FIELDS[name], value[name]]));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the spec may leave out and the wire document may not: it has no object whose namespace could be meant. */
function missing(value: Readonly<Record<string, unknown>>): readonly Finding[] {
  if (Object.hasOwn(value, 'namespace') && value.namespace !== undefined) return [];
  return [finding('required', '/namespace', 'namespace is required')];
}

function unknownFields(keys: readonly string[]): readonly Finding[] {
  const told = keys.slice(0, MAX_UNKNOWN).map((key) => {
    const meant = suggest(key, WIRE_NAMES);
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    return finding('unknown-field', pointerTo(key), `unknown field ${quote(key)}${hint}`);
  });
  const left = keys.length - told.length;
  return left === 0 ? told : [...told, finding('too-many-findings', '', `and ${left} more findings`)];
}
