import type { ObjectMeta } from '../api/types.ts';
import type { PackageKey } from '../kpt/publisher/publisher.ts';

/** `namespace/name`: what is queued, indexed and logged. */
export const keyOf = (meta: Pick<ObjectMeta, 'namespace' | 'name'>): string => `${meta.namespace}/${meta.name}`;

/** The stable package name of a key. A Kubernetes name holds no slash, so the first one divides. */
export function packageKeyOf(key: string): PackageKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), intent: key.slice(slash + 1) };
}

export const keyOfPackage = (key: PackageKey): string => `${key.namespace}/${key.intent}`;
