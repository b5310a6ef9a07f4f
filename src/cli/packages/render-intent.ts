import { Failure, Rejected } from '../../api/errors.ts';
import type { ValidIntent } from '../../api/wire/load.ts';
import { changeTypeOf } from '../../changes/index.ts';
import type { Plan } from '../../kpt/change.ts';
import type { Package } from '../../kpt/package.ts';
import { renderPackage } from '../../kpt/render.ts';

export interface Rendered {
  readonly intent: ValidIntent;
  readonly plan: Plan;
  readonly package: Package;
}

export interface Refused {
  readonly intent: ValidIntent;
  readonly failure: Failure;
}

/** Plans and renders a valid intent, as the operator does; what the operator would reject comes back as its failure. Pure. */
export function renderIntent(intent: ValidIntent): Rendered | Refused {
  try {
    const { intentType } = intent.spec;
    const changeType = changeTypeOf(intentType);
    if (changeType === undefined) {
      throw new Rejected('UnsupportedIntentType', `no change type is known by the name ${JSON.stringify(intentType)}`);
    }
    const plan = changeType.plan(intent.spec);
    return { intent, plan, package: renderPackage(plan) };
  } catch (error) {
    if (error instanceof Failure) return { intent, failure: error };
    throw error;
  }
}
