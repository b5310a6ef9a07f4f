import type { Target } from './world.ts';

/**
 * One text for one object, whatever version of its group it is called by: an object has the same fields in all of them. The
 * parts hold no slash.
 */
export function targetKey({ apiVersion, kind, namespace, name }: Target): string {
  return `${namespace}/${groupOf(apiVersion)}/${kind}/${name}`;
}

/** `apps` of `apps/v1`; the core group, that of `v1`, is empty. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}
