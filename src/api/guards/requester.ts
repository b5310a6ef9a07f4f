import { DEFAULTS } from '../defaults.ts';
import { type GuardPair, guardOver, SPEC_CHANGES } from './guard.ts';

/** A kind that intents may target, and the resource that it is served as. */
export interface TargetKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
}

/** As the value `targets` of the chart has it. */
export const TARGET_KINDS: readonly TargetKind[] = Object.freeze([
  { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', resource: 'statefulsets' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', resource: 'replicasets' },
]);

/**
 * Nobody asks for a change that they could not make themselves: whoever writes the spec of an intent must hold `patch` on the
 * scale of its target. The server knows the resource of a kind only from this mapping, so other kinds are refused.
 */
export function requesterGuard(kinds: readonly TargetKind[]): GuardPair {
  return guardOver('patchintents', 'requester.patchgen.dev', {
    matchConditions: [SPEC_CHANGES],
    variables: [
      // The chart writes this line anew from its value `targets`.
      { name: 'resources', expression: resourcesByKind(kinds) },
      {
        name: 'apiVersion',
        expression: `has(object.spec.targetApiVersion) ? object.spec.targetApiVersion : '${DEFAULTS.targetApiVersion}'`,
      },
      {
        name: 'kind',
        expression: `has(object.spec.targetKind) ? object.spec.targetKind : '${DEFAULTS.targetKind}'`,
      },
      {
        name: 'place',
        expression: 'has(object.spec.namespace) ? object.spec.namespace : object.metadata.namespace',
      },
      { name: 'key', expression: "variables.apiVersion + ' ' + variables.kind" },
      {
        name: 'group',
        expression: "variables.apiVersion.contains('/') ? variables.apiVersion.split('/')[0] : ''",
      },
    ],
    validations: [
      {
        expression: 'variables.key in variables.resources',
        message: 'the kind of the target is not in the chart value targets',
        messageExpression:
          "'nobody may ask for a change of a ' + variables.kind + ' of ' + variables.apiVersion + ': add this kind, with the name of its resource, to the chart value targets'",
      },
      {
        expression:
          "!(variables.key in variables.resources) || authorizer.group(variables.group).resource(variables.resources[variables.key]).subresource('scale').namespace(variables.place).name(object.spec.target).check('patch').allowed()",
        message: 'you may not patch the scale of the target, so you may not ask for a change of it',
        messageExpression:
          "'you may not patch ' + variables.resources[variables.key] + '/scale of ' + variables.place + '/' + object.spec.target + ', so you may not ask for a change of it: ask for the verb patch on ' + variables.resources[variables.key] + '/scale in namespace ' + variables.place",
      },
    ],
  });
}

/** `{'apps/v1 Deployment': 'deployments'}`: a map in CEL. */
function resourcesByKind(kinds: readonly TargetKind[]): string {
  const entries = kinds.map(({ apiVersion, kind, resource }) => `'${apiVersion} ${kind}': '${resource}'`);
  return `{${entries.join(', ')}}`;
}
