import type { Finding } from '../finding.ts';
import { MAX_NAMESPACE_LENGTH, NAME_PATTERN } from '../limits.ts';
import { describeValue, quote } from '../quote.ts';
import { join } from '../read/place.ts';
import { suggest } from '../suggest.ts';
import { API_VERSION, KIND } from '../types.ts';
import { checkName, checkSpec } from '../validate.ts';
import { isObject } from './check.ts';

/** The fields of an object with spec and status. */
export const TOP = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
/** meta/v1 ObjectMeta of Kubernetes 1.36; others are refused by the server under strict field validation. */
export const METADATA = [
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'labels',
  'managedFields',
  'name',
  'namespace',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];
const NAMESPACE = new RegExp(NAME_PATTERN);
/** RFC 1123 subdomain: what the API server asks of `metadata.name`. */
export const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

type Fields = Readonly<Record<string, unknown>>;

/** Whether a document wants to be a Kubernetes object rather than a wire document. */
export function isResource(value: unknown): value is Fields {
  return isObject(value) && (Object.hasOwn(value, 'apiVersion') || Object.hasOwn(value, 'kind'));
}

/**
 * Everything that is wrong with a PatchIntent manifest, with pointers from its top. The verdict of the API server under
 * strict field validation, as far as the object itself decides it; the status is not looked at.
 */
export function checkResource(value: Fields): readonly Finding[] {
  const identity = checkIdentity(value);
  // Of another kind nothing more can be said.
  if (identity.length > 0) return identity;
  return [
    ...unknownFields(value, TOP, ''),
    ...checkMetadata(value.metadata),
    ...checkSpec(value.spec).map((found) => ({ ...found, pointer: `/spec${found.pointer}` })),
  ];
}

function checkIdentity({ apiVersion, kind }: Fields): readonly Finding[] {
  if (kind !== KIND) return [wrongKind('/kind', `kind must be ${KIND}, not ${describeValue(kind)}`)];
  if (apiVersion === API_VERSION) return [];
  return [wrongKind('/apiVersion', `apiVersion must be ${API_VERSION}, not ${describeValue(apiVersion)}`)];
}

function wrongKind(pointer: string, message: string): Finding {
  return { code: 'not-an-intent', pointer, message };
}

function checkMetadata(metadata: unknown): readonly Finding[] {
  if (!isObject(metadata)) {
    const code = metadata === undefined ? 'required' : 'wrong-type';
    return [{ code, pointer: '/metadata', message: 'metadata must be an object with a name' }];
  }
  return [...unknownFields(metadata, METADATA, '/metadata'), ...nameOf(metadata), ...namespaceOf(metadata)];
}

function nameOf({ name, generateName }: Fields): readonly Finding[] {
  const pointer = '/metadata/name';
  if (name === undefined) {
    return typeof generateName === 'string'
      ? []
      : [{ code: 'required', pointer, message: 'metadata.name is required' }];
  }
  return [...segment('metadata.name', pointer, name, SUBDOMAIN), ...(typeof name === 'string' ? checkName(name) : [])];
}

function namespaceOf({ namespace }: Fields): readonly Finding[] {
  if (namespace === undefined) return [];
  const pointer = '/metadata/namespace';
  const found = segment('metadata.namespace', pointer, namespace, NAMESPACE);
  if (typeof namespace !== 'string' || namespace.length <= MAX_NAMESPACE_LENGTH) return found;
  const message = `metadata.namespace too long: ${namespace.length} characters, at most ${MAX_NAMESPACE_LENGTH}`;
  return [...found, { code: 'too-long', pointer, message }];
}

/** What is wrong with a name that becomes a segment of a path. */
export function segment(field: string, pointer: string, value: unknown, pattern: RegExp): readonly Finding[] {
  if (typeof value !== 'string') {
    return [{ code: 'wrong-type', pointer, message: `${field} must be a string, not ${describeValue(value)}` }];
  }
  if (value.includes('..') || /[/\\]/.test(value)) {
    return [
      {
        code: 'path-traversal',
        pointer,
        message: `path traversal detected: ${field} ${quote(value)} is not a plain name`,
      },
    ];
  }
  if (pattern.test(value)) return [];
  return [
    {
      code: 'pattern-mismatch',
      pointer,
      message: `${field} does not match pattern ${pattern.source}: ${quote(value)}`,
    },
  ];
}

/** One finding for each key that is not known, up to 32. */
export function unknownFields(value: Fields, known: readonly string[], pointer: string): readonly Finding[] {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  return unknown.slice(0, 32).map((key) => {
    const meant = suggest(key, known);
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    return { code: 'unknown-field', pointer: join(pointer, key), message: `unknown field ${quote(key)}${hint}` };
  });
}
