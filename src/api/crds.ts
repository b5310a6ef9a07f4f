import { type Crd, patchIntentCrd } from './crd.ts';
import { patchApprovalCrd, patchPolicyCrd } from './policy-crds.ts';

/** The CustomResourceDefinitions of all our kinds, by their names. Pure: the same objects each time. */
export const crds = (): readonly Crd[] => [patchApprovalCrd(), patchIntentCrd(), patchPolicyCrd()];
