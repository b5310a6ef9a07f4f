import { MAX_CONSIDERED, MAX_OPINION_LENGTH } from '../../api/schema/plan-status.ts';
import type { OwnerStatus, PlanStatus, PolicyVerdict } from '../../api/schema/status.ts';
import { ownerText } from '../../policy/owner.ts';
import { strictest, type Considered as Voice } from '../../policy/verdict.ts';
import type { Delivered, Heard, Rendered } from '../path.ts';

const MAX_WARNINGS = 64;
const MAX_WARNING_LENGTH = 1024;

/** `status.plan` of a run that came as far as to look at its plan from all sides. */
export function planOf(reached: Heard | Rendered | Delivered, before: PlanStatus | undefined): PlanStatus {
  const { considered } = reached;
  const { live, changeDigest, planDigest } = considered;
  const warnings = [...new Set(reached.warnings)].slice(0, MAX_WARNINGS).map((text) => cut(text, MAX_WARNING_LENGTH));
  // The version moves with every status of the target: the one at which this plan was first made says more.
  const base = before?.planDigest === planDigest ? before.base : live.base;
  return {
    changeDigest,
    ...('package' in reached ? { packageDigest: reached.package.digest } : {}),
    planDigest,
    action: live.action,
    ...(base === undefined ? {} : { base }),
    fields: [...live.fields],
    ...(live.diff === undefined ? {} : { diff: live.diff }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** `status.owner`; undefined where nothing tells of one. */
export function ownerOf({ considered: { owner } }: Heard | Rendered | Delivered): OwnerStatus | undefined {
  if (owner === undefined) return undefined;
  const { tool, kind, name, namespace } = owner;
  return {
    tool,
    kind: cut(kind, 63),
    ...(name === undefined ? {} : { name: cut(name, 253) }),
    ...(namespace === undefined ? {} : { namespace: cut(namespace, 63) }),
    advice: cut(`${ownerText(owner)} may put the field back: make the change where it is declared, too`, 512),
  };
}

/** `status.policy`: one entry for each policy that applies; undefined where none has anything to say. */
export function policyOf({ considered: { verdict } }: Heard | Rendered | Delivered): PolicyVerdict | undefined {
  if (verdict.considered.length === 0) return undefined;
  const voices = Map.groupBy(verdict.considered, ({ policy }) => policy);
  const considered = [...voices].slice(0, MAX_CONSIDERED).map(([policy, own]) => entryOf(policy, own));
  return { decision: verdict.decision, considered };
}

function entryOf(policy: string | undefined, voices: readonly Voice[]): PolicyVerdict['considered'][number] {
  const result = strictest(voices.map((voice) => voice.result));
  const deciding = voices.find((voice) => voice.result === result);
  return {
    ...(policy === undefined ? {} : { policy }),
    result,
    ...(deciding === undefined || result === 'Allow'
      ? {}
      : { rule: deciding.rule, message: cut(deciding.message, MAX_OPINION_LENGTH) }),
  };
}

/** At most so many code points, as the schema counts them. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const points = [...text];
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`;
}
