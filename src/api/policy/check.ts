import type { Finding } from '../finding.ts';
import { validate } from '../generated/policy-validator.mjs';
import { pointerTo } from '../schema-findings.ts';
import { pathOf, policyFinding } from './findings.ts';
import {
  type Checked,
  labelKeys,
  minUpToMax,
  riskOnRisk,
  saysSomething,
  stormCoolDown,
  stormWindow,
  timeToLive,
  valuesByOperator,
  windowDuration,
} from './rules.ts';

/** More say nothing new to a person. */
const MAX_FINDINGS = 32;

interface Check {
  /** Where the rule stands in the spec; `*` is every entry of a list. */
  readonly path: readonly string[];
  readonly holds: (value: never) => boolean;
  readonly message: string;
}

const SELECTORS = [
  ['match', 'namespaces', 'selector'],
  ['match', 'targets', 'selector'],
  ['targetNamespaces', 'selector'],
];

const CHECKS: readonly Check[] = [
  check([], saysSomething),
  check(['replicas'], minUpToMax),
  check(['approval'], riskOnRisk),
  check(['approval', 'timeToLive'], timeToLive),
  check(['storm', 'window'], stormWindow),
  check(['storm', 'coolDown'], stormCoolDown),
  check(['windows', '*', 'duration'], windowDuration),
  ...SELECTORS.flatMap((path) => [
    check([...path, 'matchLabels'], labelKeys),
    check([...path, 'matchExpressions', '*'], valuesByOperator),
  ]),
];

/**
 * Everything that is wrong with the spec of a PatchPolicy; empty when it may be used as a `PatchPolicySpec`. The same
 * verdict as the API server under strict field validation (schema and CEL), except that an explicit null is wrong here.
 * Whether its schedules and time zones exist is for `compilePolicy` to say.
 *
 * Takes any JSON value and never throws.
 */
export function checkPolicySpec(spec: unknown): readonly Finding[] {
  if (!validate(spec)) return atMost((validate.errors ?? []).map((error) => policyFinding(error, spec)));
  return CHECKS.flatMap(({ path, holds, message }) =>
    placesAt(spec, path)
      .filter(({ value }) => !holds(value as never))
      .map(({ pointer }) => ({ code: 'rule', pointer, message: `${prefix(pointer)}${message}` })),
  );
}

function check<T>(path: readonly string[], { holds, message }: Checked<T>): Check {
  return { path, holds, message };
}

const prefix = (pointer: string): string => (pointer === '' ? '' : `${pathOf(pointer)}: `);

interface Place {
  readonly pointer: string;
  readonly value: unknown;
}

/** The values that are there at a path. */
function placesAt(root: unknown, path: readonly string[]): readonly Place[] {
  return path.reduce<readonly Place[]>(
    (places, step) => places.flatMap((place) => below(place, step)),
    [{ pointer: '', value: root }],
  );
}

function below({ pointer, value }: Place, step: string): readonly Place[] {
  if (step === '*') {
    return Array.isArray(value) ? value.map((entry, i) => ({ pointer: `${pointer}/${i}`, value: entry })) : [];
  }
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.hasOwn(fields, step) && fields[step] !== undefined
    ? [{ pointer: pointer + pointerTo(step), value: fields[step] }]
    : [];
}

function atMost(found: readonly Finding[]): readonly Finding[] {
  if (found.length <= MAX_FINDINGS) return found;
  const left = found.length - MAX_FINDINGS + 1;
  const more = { code: 'too-many-findings', pointer: '', message: `and ${left} more findings` };
  return [...found.slice(0, MAX_FINDINGS - 1), more];
}
