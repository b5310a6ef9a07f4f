import { AGE, type Crd, crdOf, READY } from './crd.ts';
import { PatchApprovalSchema } from './schema/patchapproval.ts';
import { PatchPolicySchema } from './schema/patchpolicy.ts';

/** The CustomResourceDefinition of PatchPolicy. Pure: the same object each time. */
export function patchPolicyCrd(): Crd {
  return crdOf({
    kind: 'PatchPolicy',
    plural: 'patchpolicies',
    shortName: 'pp',
    scope: 'Cluster',
    columns: [
      { name: 'Ready', type: 'string', jsonPath: `${READY}.status`, description: 'Whether the operator can use it.' },
      { name: 'Status', type: 'string', jsonPath: `${READY}.message`, description: 'The message of Ready.' },
      AGE,
    ],
    selectable: [],
    subresources: { status: {} },
    schema: PatchPolicySchema,
  });
}

/** The CustomResourceDefinition of PatchApproval. Pure: the same object each time. */
export function patchApprovalCrd(): Crd {
  return crdOf({
    kind: 'PatchApproval',
    plural: 'patchapprovals',
    shortName: 'pa',
    scope: 'Namespaced',
    columns: [
      { name: 'Intent', type: 'string', jsonPath: '.spec.intent', description: 'What was decided on.' },
      { name: 'Decision', type: 'string', jsonPath: '.spec.decision', description: 'Approve or Reject.' },
      { name: 'Approver', type: 'string', jsonPath: '.spec.approver', description: 'Who decided.' },
      AGE,
    ],
    selectable: ['.spec.intent'],
    subresources: {},
    schema: PatchApprovalSchema,
  });
}
