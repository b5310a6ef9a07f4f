import { APPROVER } from './approver.ts';
import { REQUESTED_BY } from './requested-by.ts';
import { requesterGuard, TARGET_KINDS } from './requester.ts';

/** The admission policies that Patchgen ships, by the name of the file in the chart. */
export const GUARDS = Object.freeze({
  approver: APPROVER,
  'requested-by': REQUESTED_BY,
  requester: requesterGuard(TARGET_KINDS),
});
