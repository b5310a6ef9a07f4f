import type { ResolvedSpec } from '../api/resolve.ts';

/** What is allowed but unwise in any intent, whatever its type. Strict mode refuses such an intent. */
export function intentWarnings(spec: ResolvedSpec): readonly string[] {
  return spec.correlationId === undefined
    ? ['correlation id is missing: the change can not be traced to its request']
    : [];
}
