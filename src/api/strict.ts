import type { ResolvedSpec } from './resolve.ts';

/** What is allowed but unwise in any intent, whatever its type. Strict mode refuses such an intent. */
export function warningsOf(spec: ResolvedSpec): readonly string[] {
  return spec.correlationId === undefined
    ? ['correlation id is missing: the change can not be traced to its request']
    : [];
}
