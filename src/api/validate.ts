import type { Finding } from './finding.ts';
import { validate } from './generated/spec-validator.mjs';
import { nameFindings } from './name-findings.ts';
import { describeValue } from './quote.ts';
import { finding, findingOf, type Naming, pointerTo, SPEC_FIELDS } from './schema-findings.ts';

export { checkName } from './name-findings.ts';
export type { FindingCode, Naming } from './schema-findings.ts';

/** More say nothing new to a person, and a hostile object must not cost more than an honest one. */
const MAX_FINDINGS = 32;

/** The reason of a spec with findings. */
export type SpecReason = 'InvalidPath' | 'UnsupportedIntentType' | 'InvalidSpec';

/**
 * Everything that is wrong with a spec; empty when it may be used as a `PatchIntentSpec`. The same verdict as the API
 * server under strict field validation (schema and CEL), except that an explicit null is wrong here.
 *
 * Takes any JSON value and never throws; the work is bounded by the length of the strings. `naming` gives the names of
 * the fields in messages and pointers.
 */
export function checkSpec(spec: unknown, naming: Naming = (field) => field): readonly Finding[] {
  if (!isRecord(spec)) return [finding('wrong-type', '', `spec must be an object, not ${describeValue(spec)}`)];
  const { looked, left } = bounded(spec);
  const found = [...schemaFindings(looked, naming), ...nameFindings(looked, naming), ...memberFindings(looked, naming)];
  return atMost(found, left);
}

/** `schema validation failed: <message>; <message>`. One line; the caller bounds its length. */
export function describeFindings(findings: readonly Finding[]): string {
  return `schema validation failed: ${findings.map((found) => found.message).join('; ')}`;
}

/** The most telling reason: an unsafe name, else an unknown intent type (of which nothing else can be said), else the rest. */
export function reasonOf(findings: readonly Finding[]): SpecReason {
  if (findings.some(isUnsafeName)) return 'InvalidPath';
  if (findings.some((found) => found.code === 'unsupported-intent-type')) return 'UnsupportedIntentType';
  return 'InvalidSpec';
}

/** An empty name is a path that ends one folder too early. */
function isUnsafeName({ code, pointer }: Finding): boolean {
  if (code === 'path-traversal' || code === 'unsafe-characters') return true;
  return code === 'empty' && (pointer === '/target' || pointer === '/namespace');
}

function schemaFindings(spec: Readonly<Record<string, unknown>>, naming: Naming): readonly Finding[] {
  if (validate(spec)) return [];
  return (
    (validate.errors ?? [])
      // A value of the wrong type is no unknown intent type, and is reported already.
      .filter(({ keyword }) => keyword !== 'enum' || typeof spec.intentType === 'string')
      .map((error) => findingOf(error, spec, naming))
  );
}

/** The members that an intent type needs. In the CRD this is a CEL rule. */
function memberFindings(spec: Readonly<Record<string, unknown>>, naming: Naming): readonly Finding[] {
  if (spec.intentType !== 'scaling' || spec.replicas !== undefined) return [];
  const name = naming('replicas');
  const message = `${name} is required when intent_type is 'scaling'; a missing value never counts as 0`;
  return [finding('required', pointerTo(name), message)];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All known fields, and as many unknown ones as are reported. */
function bounded(spec: Readonly<Record<string, unknown>>): { looked: Readonly<Record<string, unknown>>; left: number } {
  const keys = Object.keys(spec);
  const unknown = keys.filter((key) => !SPEC_FIELDS.includes(key));
  if (unknown.length <= MAX_FINDINGS) return { looked: spec, left: 0 };
  const kept = [...keys.filter((key) => SPEC_FIELDS.includes(key)), ...unknown.slice(0, MAX_FINDINGS)];
  const looked = Object.fromEntries(kept.map((key) => [key, spec[key]]));
  return { looked, left: unknown.length - MAX_FINDINGS };
}

/** Unknown fields give way to findings about known ones. */
function atMost(found: readonly Finding[], left: number): readonly Finding[] {
  const total = found.length + left;
  if (total <= MAX_FINDINGS) return Object.freeze([...found]);
  const known = found.filter(({ code }) => code !== 'unknown-field');
  const unknown = found.filter(({ code }) => code === 'unknown-field');
  const kept = [...known, ...unknown].slice(0, MAX_FINDINGS - 1);
  const more = finding('too-many-findings', '', `and ${total - kept.length} more findings`);
  return Object.freeze([...kept, more]);
}
