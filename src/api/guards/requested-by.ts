import { guardOver, SPEC_CHANGES } from './guard.ts';

/**
 * `spec.requestedBy` is absent or the name of whoever wrote the spec as it is now, its last change included. Leaving it out
 * is no way around anything: where authors may not approve, a change without an author can not be approved at all.
 */
export const REQUESTED_BY = guardOver('patchintents', 'requested-by.patchgen.dev', {
  matchConditions: [SPEC_CHANGES],
  validations: [
    {
      expression: '!has(object.spec.requestedBy) || object.spec.requestedBy == request.userInfo.username',
      message: 'spec.requestedBy must be your own user name, or left out',
      messageExpression:
        "'spec.requestedBy is ' + object.spec.requestedBy + ', but you are ' + request.userInfo.username + ': whoever changes the spec puts their own name there, or takes the field out'",
    },
  ],
});
