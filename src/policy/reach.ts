import type { CompiledPolicy } from './compile.ts';
import type { Labels, PolicyInput } from './input.ts';
import { namespaceSelected, ownNamespace } from './match.ts';
import type { Opinion } from './verdict.ts';

/** The label of a namespace that lets intents of other namespaces in. */
export const CONSENT_LABEL = 'patchgen.dev/allow-intents-from';
/** As the value: intents of every namespace. No namespace can be called so, because it has a capital letter. */
export const CONSENT_ANY = 'Any';
/** Between the names in the value: a character that label values have and namespace names have not. */
const SEPARATOR = '_';

const RULE = 'targetNamespaces';

export function reachesOut({ intent, target }: PolicyInput): boolean {
  return intent.namespace !== target.namespace;
}

/**
 * Whether an intent may reach into another namespace: the policy must name it, and the namespace must consent. Only a
 * policy for the namespace of the intent can give that; the guard of the other namespace consents by the label alone.
 */
export function reachOpinions({ spec }: CompiledPolicy, input: PolicyInput): readonly Opinion[] {
  if (spec.targetNamespaces === undefined || !reachesOut(input)) return [];
  const { intent, target } = input;
  const own = ownNamespace(spec.match?.namespaces, input);
  if (own === 'no') return [];
  const named = namespaceSelected(spec.targetNamespaces, target.namespace, target.namespaceLabels);
  if (named === 'no')
    return [
      { rule: RULE, result: 'Refuse', message: `namespace ${target.namespace} is not one of its target namespaces` },
    ];
  if (own === 'unknown') return [unknownLabels(intent.namespace)];
  if (target.namespaceLabels === 'unknown') return [unknownLabels(target.namespace, '; it may not be there')];
  if (consents(target.namespaceLabels, intent.namespace)) {
    return [
      {
        rule: RULE,
        result: 'Allow',
        message: `namespace ${target.namespace} is one of its target namespaces, and consents`,
      },
    ];
  }
  const missing = `namespace ${target.namespace} does not consent: its label ${CONSENT_LABEL} does not name ${intent.namespace}`;
  return [{ rule: RULE, result: 'Refuse', message: missing }];
}

/** What holds where no policy for the namespace of the intent says anything. */
export function reachDefault({ intent, target }: PolicyInput): Opinion {
  const message = `no policy lets intents of namespace ${intent.namespace} reach into namespace ${target.namespace}`;
  return { rule: RULE, result: 'Refuse', message };
}

/** Whether a namespace with these labels lets in intents of the other: `shop`, `shop_checkout`, `Any`. */
export function consents(labels: Labels, from: string): boolean {
  const value = Object.hasOwn(labels, CONSENT_LABEL) ? labels[CONSENT_LABEL] : undefined;
  return value !== undefined && (value === CONSENT_ANY || value.split(SEPARATOR).includes(from));
}

function unknownLabels(namespace: string, more = ''): Opinion {
  return { rule: RULE, result: 'Wait', message: `the labels of namespace ${namespace} are not known${more}` };
}
