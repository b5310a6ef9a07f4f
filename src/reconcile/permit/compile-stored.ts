import type { Finding } from '../../api/finding.ts';
import { checkPolicySpec } from '../../api/policy/check.ts';
import { POLICY_KIND, type PolicyObject, readPolicy } from '../../api/policy/resource.ts';
import type { PatchPolicySpec } from '../../api/schema/patchpolicy.ts';
import { API_VERSION } from '../../api/types.ts';
import { type CompiledPolicy, compilePolicy } from '../../policy/compile.ts';
import type { StoredPolicy } from './stored-policy.ts';

/**
 * A stored policy as something that intents can be held against. One that does not satisfy the schema of this operator counts
 * all the same, as one with problems: the intents that it applies to wait, and where that can not be told either, all do.
 */
export function compileStored({ metadata, spec }: StoredPolicy): CompiledPolicy {
  const { name, uid, generation } = metadata;
  const read = readPolicy({ apiVersion: API_VERSION, kind: POLICY_KIND, metadata: { name, uid, generation }, spec });
  return 'findings' in read ? unusable({ name, uid, generation, spec }, read.findings) : compilePolicy(read);
}

function unusable(policy: PolicyObject, findings: readonly Finding[]): CompiledPolicy {
  return {
    ...policy,
    spec: matchOf(policy.spec),
    windows: [],
    problems: findings.map(({ pointer, message }) => ({ pointer: pointer.replace(/^\/spec/, ''), message })),
  };
}

/** Of a spec that is wrong somewhere, to what it applies, if that part is right. */
function matchOf(spec: unknown): PatchPolicySpec {
  const match = typeof spec === 'object' && spec !== null && 'match' in spec ? spec.match : undefined;
  const alone = { match, autoscaler: 'Refuse' };
  return match !== undefined && checkPolicySpec(alone).length === 0 ? ({ match } as PatchPolicySpec) : {};
}
