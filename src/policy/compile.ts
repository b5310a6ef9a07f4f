import type { PolicyObject } from '../api/policy/resource.ts';
import { type CompiledWindow, compileWindow } from './windows.ts';

/** A policy that intents can be held against. */
export interface CompiledPolicy extends PolicyObject {
  readonly windows: readonly CompiledWindow[];
  /** What is wrong with it. While there is anything, intents that it applies to wait. */
  readonly problems: readonly PolicyProblem[];
}

export interface PolicyProblem {
  /** JSON pointer into the spec. */
  readonly pointer: string;
  readonly message: string;
  /** It spoils only what is asked once, as a change is let through. What was published before does not wait for it. */
  readonly once?: true;
}

/** Reads schedules and time zones, once for each version of a policy. Never throws for a spec that satisfies the schema. */
export function compilePolicy(policy: PolicyObject): CompiledPolicy {
  const compiled = (policy.spec.windows ?? []).map(compileWindow);
  const problems = compiled.flatMap((window, i) =>
    'problem' in window
      ? [
          {
            pointer: `/windows/${i}/${window.field}`,
            message: `windows[${i}].${window.field} ${window.problem}`,
            once: true as const,
          },
        ]
      : [],
  );
  return { ...policy, windows: compiled.filter((window) => 'at' in window), problems };
}
