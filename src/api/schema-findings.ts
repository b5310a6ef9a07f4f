import { codePoints } from './code-points.ts';
import type { Finding } from './finding.ts';
import type { SchemaError } from './generated/spec-validator.d.mts';
import {
  API_VERSION_PATTERN,
  CORRELATION_ID_PATTERN,
  INTENT_TYPES,
  KIND_PATTERN,
  MAX_REPLICAS,
  MIN_REPLICAS,
  NAME_PATTERN,
} from './limits.ts';
import { describeValue, quote } from './quote.ts';
import { suggest } from './suggest.ts';

/** Every code that `checkSpec` gives. They are stable: programs compare them. */
export type FindingCode =
  | 'required'
  | 'unknown-field'
  | 'wrong-type'
  | 'unsupported-intent-type'
  | 'pattern-mismatch'
  | 'too-long'
  | 'empty'
  | 'out-of-range'
  | 'path-traversal'
  | 'unsafe-characters'
  | 'too-many-findings';

/** What the fields are called in the document that is checked: camelCase in a PatchIntent, snake_case in the wire form. */
export type Naming = (specField: string) => string;

/** The fields of a spec, in the order in which they are explained. */
export const SPEC_FIELDS: readonly string[] = Object.freeze([
  'intentType',
  'target',
  'namespace',
  'targetApiVersion',
  'targetKind',
  'replicas',
  'reason',
  'source',
  'correlationId',
  'suspend',
  'dryRun',
]);

const PATTERNS: Readonly<Record<string, string>> = {
  target: NAME_PATTERN,
  namespace: NAME_PATTERN,
  targetApiVersion: API_VERSION_PATTERN,
  targetKind: KIND_PATTERN,
  correlationId: CORRELATION_ID_PATTERN,
};

const INTENT_TYPE_PHRASE = `intent_type must be ${INTENT_TYPES.map((type) => `'${type}'`).join(' or ')}`;

/** Puts one error of the validator into the words of the users. `spec` is the object that was validated. */
export function findingOf(error: SchemaError, spec: Readonly<Record<string, unknown>>, naming: Naming): Finding {
  const field = fieldOf(error);
  const name = SPEC_FIELDS.includes(field) ? naming(field) : field;
  const value = Object.hasOwn(spec, field) ? spec[field] : undefined;
  const [code, message] = wordsFor(error, field, name, value, naming);
  return finding(code, field === '' ? '' : pointerTo(name), message);
}

export function finding(code: FindingCode, pointer: string, message: string): Finding {
  return Object.freeze({ code, pointer, message });
}

/** JSON pointer to a field of the document: `~` and `/` are escaped (RFC 6901), nothing else. */
export function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function fieldOf(error: SchemaError): string {
  if (error.keyword === 'required') return String(error.params.missingProperty);
  if (error.keyword === 'additionalProperties') return String(error.params.additionalProperty);
  return error.instancePath.slice(1);
}

function wordsFor(
  error: SchemaError,
  field: string,
  name: string,
  value: unknown,
  naming: Naming,
): readonly [FindingCode, string] {
  switch (error.keyword) {
    case 'required':
      return ['required', withPhrase(field, `${name} is required`)];
    case 'additionalProperties':
      return ['unknown-field', unknownField(field, naming)];
    case 'type':
      return ['wrong-type', withPhrase(field, wrongType(name || 'spec', String(error.params.type), value))];
    case 'enum':
      return ['unsupported-intent-type', `${INTENT_TYPE_PHRASE}, not ${quote(String(value))}`];
    case 'pattern':
      return ['pattern-mismatch', `${name} does not match pattern ${PATTERNS[field]}: ${quote(String(value))}`];
    case 'minLength':
      return ['empty', `${name} is empty`];
    case 'maxLength':
      return [
        'too-long',
        `${name} too long: ${codePoints(String(value))} characters, at most ${String(error.params.limit)}`,
      ];
    default:
      return [
        'out-of-range',
        `${name} out of range: ${String(value)} is not between ${MIN_REPLICAS} and ${MAX_REPLICAS}`,
      ];
  }
}

function withPhrase(field: string, message: string): string {
  return field === 'intentType' ? `${message}: ${INTENT_TYPE_PHRASE}` : message;
}

function wrongType(name: string, type: string, value: unknown): string {
  const article = /^[aeio]/.test(type) ? 'an' : 'a';
  return `${name} must be ${article} ${type}, not ${describeValue(value)}`;
}

function unknownField(field: string, naming: Naming): string {
  const meant = suggest(field, SPEC_FIELDS.map(naming));
  return `unknown field ${quote(field)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
}
