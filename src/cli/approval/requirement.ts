import { durationMs } from '../../api/duration.ts';
import { POLICY_DEFAULTS } from '../../api/policy/limits.ts';
import { GROUP, type PatchIntent, VERSION } from '../../api/types.ts';
import { ApiError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { mergeRequirements } from '../../policy/approval.ts';
import type { ApprovalRequirement } from '../../policy/verdict.ts';
import { isRecord } from '../status/read.ts';

/** What the policies want of people, as far as the caller may read them. */
export interface Wanted {
  /** The most that any policy asks for, of those that could be read; absent where none could. */
  readonly requirement?: ApprovalRequirement;
  /** Policies that ask and could not be read: each may ask for more. */
  readonly unread: readonly string[];
}

/** The policies that ask for approval, as the status names them, with what each says. */
export function askingPolicies({
  status,
}: PatchIntent): readonly { readonly policy: string; readonly words: string }[] {
  return (status?.policy?.considered ?? []).flatMap(({ policy, result, rule, message }) =>
    result === 'Approval' && policy !== undefined
      ? [{ policy, words: message ?? `policy ${policy}, ${rule ?? 'approval'}` }]
      : [],
  );
}

/** Reads those policies singly. Rejects for nothing but a server that does not answer. */
export async function readWanted(client: KubeClient, intent: PatchIntent): Promise<Wanted> {
  const names = [...new Set(askingPolicies(intent).map(({ policy }) => policy))];
  const read = await Promise.all(names.map(async (name) => ({ name, rule: await approvalRuleOf(client, name) })));
  const requirement = mergeRequirements(read.flatMap(({ rule }) => rule ?? []));
  const unread = read.filter(({ rule }) => rule === undefined).map(({ name }) => name);
  return { ...(requirement === undefined ? {} : { requirement }), unread };
}

async function approvalRuleOf(client: KubeClient, name: string): Promise<ApprovalRequirement | undefined> {
  const path = `/apis/${GROUP}/${VERSION}/patchpolicies/${encodeURIComponent(name)}`;
  try {
    const { body } = await client.request({ method: 'GET', path });
    const spec = isRecord(body) && isRecord(body.spec) ? body.spec : {};
    return isRecord(spec.approval) ? requirementOf(spec.approval) : undefined;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
}

function requirementOf(rule: Readonly<Record<string, unknown>>): ApprovalRequirement {
  const { approvals, timeToLive, author } = rule;
  const time = typeof timeToLive === 'string' ? durationMs(timeToLive) : undefined;
  return {
    approvals: typeof approvals === 'number' ? approvals : POLICY_DEFAULTS.approvals,
    timeToLiveMs: time ?? durationMs(POLICY_DEFAULTS.timeToLive) ?? 0,
    author: author === 'Allow' ? 'Allow' : POLICY_DEFAULTS.author,
  };
}
