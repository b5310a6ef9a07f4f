import type { Finding } from '../finding.ts';
import { describeValue } from '../quote.ts';
import type { PatchPolicySpec } from '../schema/patchpolicy.ts';
import { API_VERSION } from '../types.ts';
import { isObject } from '../wire/check.ts';
import { METADATA, SUBDOMAIN, segment, TOP, unknownFields } from '../wire/resource.ts';
import { checkPolicySpec } from './check.ts';
import { MAX_POLICY_NAME_LENGTH } from './limits.ts';

export const POLICY_KIND = 'PatchPolicy';

/** A PatchPolicy, as far as its rules depend on it. `spec` has been checked. */
export interface PolicyObject {
  readonly name: string;
  /** Both absent in a file. */
  readonly uid?: string;
  readonly generation?: number;
  readonly spec: PatchPolicySpec;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The policy in a manifest, or everything that is wrong with it: the verdict of the API server under strict field
 * validation, as far as the object itself decides it. Takes any JSON value and never throws.
 */
export function readPolicy(value: unknown): PolicyObject | { readonly findings: readonly Finding[] } {
  const findings = checkPolicyResource(value);
  if (findings.length > 0) return { findings };
  const { metadata, spec } = value as { readonly metadata: Fields; readonly spec: PatchPolicySpec };
  const { name, uid, generation } = metadata;
  return {
    name: String(name),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof generation === 'number' ? { generation } : {}),
    spec,
  };
}

function checkPolicyResource(value: unknown): readonly Finding[] {
  if (!isObject(value)) return [wrong('', `a PatchPolicy must be an object, not ${describeValue(value)}`)];
  const { apiVersion, kind, metadata, spec } = value;
  if (kind !== POLICY_KIND) return [wrong('/kind', `kind must be ${POLICY_KIND}, not ${describeValue(kind)}`)];
  if (apiVersion !== API_VERSION)
    return [wrong('/apiVersion', `apiVersion must be ${API_VERSION}, not ${describeValue(apiVersion)}`)];
  return [
    ...unknownFields(value, TOP, ''),
    ...metadataFindings(metadata),
    ...checkPolicySpec(spec).map((found) => ({ ...found, pointer: `/spec${found.pointer}` })),
  ];
}

function metadataFindings(metadata: unknown): readonly Finding[] {
  if (!isObject(metadata)) return [required('/metadata', 'metadata must be an object with a name')];
  const { name } = metadata;
  const pointer = '/metadata/name';
  if (name === undefined) return [required(pointer, 'metadata.name is required')];
  const tooLong = typeof name === 'string' && name.length > MAX_POLICY_NAME_LENGTH;
  const message = `metadata.name too long: at most ${MAX_POLICY_NAME_LENGTH} characters`;
  return [
    // A policy belongs to the cluster; the server takes a namespace for a mistake too.
    ...unknownFields(
      metadata,
      METADATA.filter((field) => field !== 'namespace'),
      '/metadata',
    ),
    ...segment('metadata.name', pointer, name, SUBDOMAIN),
    ...(tooLong ? [{ code: 'too-long', pointer, message }] : []),
  ];
}

const wrong = (pointer: string, message: string): Finding => ({ code: 'not-a-policy', pointer, message });
const required = (pointer: string, message: string): Finding => ({ code: 'required', pointer, message });
