/**
 * Whether a kind of this API version is a custom one: of a group with a dot that is not one of Kubernetes' own
 * (`apps`, `batch`, `networking.k8s.io`). What a custom kind can do only its cluster knows.
 */
export function isCustomKind(apiVersion: string): boolean {
  const group = groupOf(apiVersion);
  return group.includes('.') && !`.${group}`.endsWith('.k8s.io');
}

/** `apps/v1` → `apps`; `v1` → the empty name of the core group. */
export function groupOf(apiVersion: string): string {
  const at = apiVersion.indexOf('/');
  return at < 0 ? '' : apiVersion.slice(0, at);
}
