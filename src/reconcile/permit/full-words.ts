import type { CompiledPolicy } from '../../policy/compile.ts';
import type { PolicyInput } from '../../policy/input.ts';
import { usageOpinions } from '../../policy/usage-rules.ts';
import type { Books } from './world.ts';

/**
 * Why a place that was there at the look was gone when it was to be taken: in the words that the next look finds, as far as the
 * books here know already.
 */
export function fullWords(
  full: { readonly policy: string; readonly until: Date },
  applying: readonly CompiledPolicy[],
  input: PolicyInput,
  { usage }: Pick<Books, 'usage'>,
  now: Date,
): string {
  const policies = applying.filter(({ name }) => name === full.policy);
  const counted = { ...input, usage: usage(policies), now };
  const told = policies
    .flatMap((policy) => usageOpinions(policy, counted))
    .filter(({ rule, result }) => result === 'Wait' && rule.startsWith('rate.'))
    .map(({ rule, message }) => `policy ${full.policy}, ${rule}: ${message}`);
  return told.length > 0
    ? told.join('; ')
    : `policy ${full.policy}, rate: it has no room, until ${full.until.toISOString()}`;
}
