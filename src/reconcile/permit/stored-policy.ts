import type { PatchPolicySpec } from '../../api/schema/patchpolicy.ts';

/** A PatchPolicy as the store keeps it. */
export interface StoredPolicy {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
  };
  /** As the server stored it, which may be before the schema of today: not to be believed before `compileStored` has read it. */
  readonly spec: PatchPolicySpec;
  /** As the server stored it: the books read it, and take what they can not read for full. */
  readonly status: unknown;
}

/** What is kept of a policy. Throws TypeError for something that is no object with a name, uid and resourceVersion. */
export function projectPolicy(raw: unknown): StoredPolicy {
  const { metadata, spec, status } = record(raw, 'object');
  const { name, uid, resourceVersion, generation } = record(metadata, 'metadata');
  return {
    metadata: {
      name: text(name, 'metadata.name'),
      uid: text(uid, 'metadata.uid'),
      resourceVersion: text(resourceVersion, 'metadata.resourceVersion'),
      generation: typeof generation === 'number' ? generation : 0,
    },
    spec: spec as PatchPolicySpec,
    status,
  };
}

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${name} is no object`);
  return value as Readonly<Record<string, unknown>>;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is missing`);
  return value;
}
