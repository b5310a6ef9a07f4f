import { guardOver } from './guard.ts';

/**
 * Whoever creates a PatchApproval speaks for nobody else, whatever their rights are; and what somebody has said stays as it
 * was said, also where the CRD is an older one or was changed.
 */
export const APPROVER = guardOver('patchapprovals', 'approver.patchgen.dev', {
  validations: [
    {
      expression: 'oldObject != null || object.spec.approver == request.userInfo.username',
      message: 'spec.approver must be your own user name',
      messageExpression:
        "'spec.approver is ' + object.spec.approver + ', but you are ' + request.userInfo.username + ': nobody can approve or reject in the name of somebody else'",
    },
    {
      expression: 'oldObject == null || object.spec == oldObject.spec',
      message: 'the spec of a PatchApproval can not be changed: delete it and create another',
      messageExpression:
        "'the spec of PatchApproval ' + object.metadata.name + ' can not be changed: delete it and create another'",
    },
  ],
});
