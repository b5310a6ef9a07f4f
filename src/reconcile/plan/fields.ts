import type { FoundBase } from './base.ts';

/** A field that a patch sets. */
export interface PatchField {
  /** `['spec', 'replicas']`. */
  readonly path: readonly string[];
  readonly to: unknown;
}

/** What identifies the object is no change of it. */
const IDENTITY: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** The fields that a patch sets, in the order of its document. A list is one field. */
export function fieldsOf(patch: Readonly<Record<string, unknown>>): readonly PatchField[] {
  return Object.entries(patch).flatMap(([name, value]) => (IDENTITY.has(name) ? [] : leaves([name], value)));
}

function leaves(path: readonly string[], value: unknown): readonly PatchField[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ path, to: value }];
  return Object.entries(value).flatMap(([name, member]) => leaves([...path, name], member));
}

/** `.spec.replicas`. */
export const pathText = (path: readonly string[]): string => `.${path.join('.')}`;

/** The live value of a field; undefined where it is not read. */
export function liveValue(base: FoundBase, path: readonly string[]): unknown {
  return pathText(path) === '.spec.replicas' ? base.replicas : undefined;
}

/** A copy of the patch with another value in the field. */
export function withValue(
  patch: Readonly<Record<string, unknown>>,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const member = patch[name];
  const inner = rest.length === 0 ? value : withValue(member as Readonly<Record<string, unknown>>, rest, value);
  return { ...patch, [name]: inner };
}
