import { Rejected } from '../api/errors.ts';
import type { PlacedFinding } from '../api/read/documents.ts';
import type { InvalidIntent, LoadedIntent, ValidIntent } from '../api/wire/load.ts';
import { changeTypeOf } from '../changes/index.ts';
import type { Plan } from '../kpt/change.ts';
import type { Input } from './input.ts';

export type Planned = { readonly plan: Plan } | { readonly finding: PlacedFinding };

/** The plan of a valid intent, or the finding that its change type cannot change such a target. */
export function planIntent(intent: ValidIntent): Planned {
  const type = changeTypeOf(intent.spec.intentType);
  if (type === undefined) {
    const message = `this build knows no intent type '${intent.spec.intentType}'`;
    return { finding: intent.placeOf('intentType', { code: 'unsupported-intent-type', message }) };
  }
  try {
    return { plan: type.plan(intent.spec) };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return { finding: intent.placeOf('targetKind', { code: codeOf(error.reason), message: error.message }) };
  }
}

/** Intents count as invalid too where they cannot be planned: what the operator would reject after validation. */
export function withPlanFindings(input: Input): Input {
  return 'intents' in input ? { ...input, intents: input.intents.map(withPlanFinding) } : input;
}

function withPlanFinding(intent: LoadedIntent): LoadedIntent {
  if (!intent.valid) return intent;
  const planned = planIntent(intent);
  if ('plan' in planned) return intent;
  const { source, line, name } = intent;
  const origin = name === undefined ? { source, line } : { source, line, name };
  return { ...origin, valid: false, read: true, findings: [planned.finding] } satisfies InvalidIntent;
}

/** `UnsupportedTargetKind` as findings write their codes: `unsupported-target-kind`. */
function codeOf(reason: string): string {
  return reason.replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`);
}
