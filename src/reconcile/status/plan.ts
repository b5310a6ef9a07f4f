import { MAX_CONSIDERED, MAX_OPINION_LENGTH } from '../../api/schema/plan-status.ts';
import type { OwnerStatus, PlanStatus, PolicyVerdict } from '../../api/schema/status.ts';
import { ownerText } from '../../policy/owner.ts';
import { DECISIONS, strictest, type Considered as Voice } from '../../policy/verdict.ts';
import type { Delivered, Heard, Rendered } from '../path.ts';
import type { Consideration } from '../permit/consider.ts';
import { NO_DRY_RUN, SERVER_WARNS } from '../plan/dry-run.ts';

const MAX_WARNINGS = 64;
const MAX_WARNING_LENGTH = 1024;

/** `status.plan` of a run that came as far as to look at its plan from all sides. */
export function planOf(reached: Heard | Rendered | Delivered, before: PlanStatus | undefined): PlanStatus {
  const { considered } = reached;
  const { live, changeDigest, planDigest } = considered;
  const warnings = [...new Set([...reached.warnings, ...rehearsed(considered, before)])]
    .slice(0, MAX_WARNINGS)
    .map((text) => cut(text, MAX_WARNING_LENGTH));
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

/** A published change is not rehearsed again: what came of it then still stands for the same live value. */
function rehearsed({ published, live }: Consideration, before: PlanStatus | undefined): readonly string[] {
  if (!published || before?.action !== live.action) return [];
  return (before.warnings ?? []).filter(
    (warning) => warning.startsWith(SERVER_WARNS) || warning.startsWith(NO_DRY_RUN),
  );
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

/**
 * `status.policy`: one entry for each policy that applies; undefined where there is none. `through`: the change was let
 * through, so what it had to wait for is settled; the next look, which doesn't ask for that any more, finds the same.
 */
export function policyOf(
  { considered: { verdict } }: Heard | Rendered | Delivered,
  through: boolean,
): PolicyVerdict | undefined {
  const settled = verdict.considered.map((voice) =>
    through && voice.result === 'Approval' ? { ...voice, result: 'Allow' as const } : voice,
  );
  const voices = Map.groupBy(settled, ({ policy }) => policy);
  const names = [...verdict.inputs.policies.map(({ name }) => name), ...(voices.has(undefined) ? [undefined] : [])];
  if (names.length === 0) return undefined;
  const considered = foremost(names.map((name) => entryOf(name, voices.get(name) ?? [])));
  return { decision: strictest(settled.map(({ result }) => result)), considered };
}

type Entry = PolicyVerdict['considered'][number];

/** As many as there is room for, in the order that they have. What stands against the change is not left out for what does not. */
function foremost(entries: readonly Entry[]): Entry[] {
  const strictness = ({ result }: Entry): number => DECISIONS.indexOf(result);
  const first = entries.toSorted((one, other) => strictness(other) - strictness(one)).slice(0, MAX_CONSIDERED);
  return entries.filter((entry) => first.includes(entry));
}

function entryOf(policy: string | undefined, voices: readonly Voice[]): Entry {
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
