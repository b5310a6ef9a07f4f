import { codePoints } from '../code-points.ts';
import type { Finding } from '../finding.ts';
import type { SchemaError } from '../generated/policy-validator.d.mts';
import { describeValue, quote } from '../quote.ts';
import { pointerTo } from '../schema-findings.ts';
import { suggest } from '../suggest.ts';

/** Every field of a policy, for whoever mistyped one. */
const FIELDS = [
  'match namespaces names selector matchLabels matchExpressions key operator values targets kinds apiVersion kind',
  'intentTypes sources replicas min max maxDelta maxPercent neverZero require reason correlationId source',
  'rate perTargetPerHour perNamespacePerHour storm failures window coolDown',
  'windows effect schedule duration timeZone autoscaler gitOps targetNamespaces',
  'approval mode risk delta percent toZero approvals timeToLive author',
].flatMap((line) => line.split(' '));

const DURATION = 'a duration of hours, minutes and seconds such as 1h30m';
/** What a pattern means, where it is no help to show it. */
const MEANT: Readonly<Record<string, string>> = {
  schedule: 'five fields of cron (minute, hour, day of month, month, day of week; names as MON and JAN)',
  timeZone: 'a time zone of the IANA database such as Europe/Berlin',
  duration: DURATION,
  window: DURATION,
  coolDown: DURATION,
  timeToLive: DURATION,
};

/** `windows[0].schedule` of the pointer `/windows/0/schedule`. */
export function pathOf(pointer: string): string {
  const steps = pointer.split('/').slice(1);
  const unescaped = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return unescaped.map((step, i) => (/^\d+$/.test(step) ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

/** Puts one error of the validator into words. `spec` is what was validated. */
export function policyFinding(error: SchemaError, spec: unknown): Finding {
  const { instancePath: at, keyword, params } = error;
  if (keyword === 'required') {
    const pointer = at + pointerTo(String(params.missingProperty));
    return { code: 'required', pointer, message: `${pathOf(pointer)} is required` };
  }
  if (keyword === 'additionalProperties') {
    const name = String(params.additionalProperty);
    const meant = suggest(name, FIELDS);
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    return { code: 'unknown-field', pointer: at + pointerTo(name), message: `unknown field ${quote(name)}${hint}` };
  }
  const [code, message] = wordsFor(error, valueAt(spec, at));
  return { code, pointer: at, message: `${at === '' ? 'spec' : shown(at)} ${message}` };
}

/** Keys of a map may be any text. */
const shown = (pointer: string): string => quote(pathOf(pointer)).slice(1, -1);

function wordsFor({ keyword, params, instancePath }: SchemaError, value: unknown): readonly [string, string] {
  const limit = String(params.limit);
  const words = MEANT[instancePath.slice(instancePath.lastIndexOf('/') + 1)];
  switch (keyword) {
    case 'type':
      return ['wrong-type', `must be of type ${String(params.type)}, not ${describeValue(value)}`];
    case 'enum':
      return ['unsupported-value', `must be ${wordsOf(params.allowedValues)}, not ${describeValue(value)}`];
    case 'pattern':
      if (words !== undefined) return ['pattern-mismatch', `must be ${words}, not ${quote(String(value))}`];
      return ['pattern-mismatch', `does not match pattern ${String(params.pattern)}: ${quote(String(value))}`];
    case 'minLength':
      return ['too-short', value === '' ? 'is empty' : `is too short: ${describeValue(value)}`];
    case 'minItems':
    case 'minProperties':
      return ['empty', 'is empty'];
    case 'maxLength':
      return ['too-long', `is too long: ${codePoints(String(value))} characters, at most ${limit}`];
    case 'maxItems':
    case 'maxProperties':
      return ['too-many', `has too many entries: at most ${limit}`];
    default:
      return ['out-of-range', `out of range: ${String(value)} is not ${String(params.comparison)} ${limit}`];
  }
}

function wordsOf(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => `'${String(value)}'`).join(' or ') : 'another value';
}

function valueAt(root: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<unknown>((value, step) => {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Readonly<Record<string, unknown>>)[key]
      : undefined;
  }, root);
}
