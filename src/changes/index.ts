import type { ChangeType } from './change-type.ts';
import { scaling } from './scaling/scaling.ts';

export type { ChangeType } from './change-type.ts';

/** Every change type of this build, in the order that documents list them. */
export const CHANGE_TYPES: readonly ChangeType[] = [scaling];

const BY_TYPE: ReadonlyMap<string, ChangeType> = new Map(CHANGE_TYPES.map((entry) => [entry.type, entry]));

/** The change type of `spec.intentType`, or undefined where this build knows none of that name. */
export function changeTypeOf(intentType: string): ChangeType | undefined {
  return BY_TYPE.get(intentType);
}
