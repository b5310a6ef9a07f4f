// Admission policies that the API server itself enforces, in place of webhooks. Source of the shapes and of the defaults:
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/

/** A named CEL expression. */
export interface Expression {
  readonly name: string;
  readonly expression: string;
}

export interface Validation {
  readonly expression: string;
  /** What is said where `messageExpression` can not be evaluated. */
  readonly message: string;
  readonly messageExpression: string;
  readonly reason: 'Forbidden';
}

export interface GuardPolicy {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicy';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly failurePolicy: 'Fail';
    readonly matchConstraints: Readonly<Record<string, unknown>>;
    readonly matchConditions?: readonly Expression[];
    readonly variables?: readonly Expression[];
    readonly validations: readonly Validation[];
  };
}

export interface GuardBinding {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicyBinding';
  readonly metadata: { readonly name: string };
  readonly spec: { readonly policyName: string; readonly validationActions: readonly ['Deny'] };
}

/** A policy and the binding of the same name that puts it into force. */
export interface GuardPair {
  readonly policy: GuardPolicy;
  readonly binding: GuardBinding;
}

interface GuardRules {
  readonly matchConditions?: readonly Expression[];
  readonly variables?: readonly Expression[];
  readonly validations: readonly Omit<Validation, 'reason'>[];
}

const API_VERSION = 'admissionregistration.k8s.io/v1';

/**
 * The pair of this name over creations and updates of one of our kinds, in all namespaces and all versions. What the
 * server would fill in is written out, so that what it stores can be compared with this, field by field.
 */
export function guardOver(resource: string, name: string, rules: GuardRules): GuardPair {
  const metadata = { name };
  const matchConstraints = {
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    resourceRules: [
      {
        apiGroups: ['patchgen.dev'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: [resource],
        scope: '*',
      },
    ],
  };
  const validations = rules.validations.map((validation) => ({ ...validation, reason: 'Forbidden' as const }));
  return {
    policy: {
      apiVersion: API_VERSION,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: { failurePolicy: 'Fail', matchConstraints, ...rules, validations },
    },
    binding: {
      apiVersion: API_VERSION,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  };
}

/** Asks only where somebody asks for something: not for labels, annotations and finalizers. Status writes never match. */
export const SPEC_CHANGES: Expression = {
  name: 'spec-changes',
  expression: 'has(object.spec) && (oldObject == null || !has(oldObject.spec) || object.spec != oldObject.spec)',
};
