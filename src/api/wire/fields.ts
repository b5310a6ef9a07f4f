/**
 * The members of the wire document and the fields of the spec that they stand for, in the order of the documents.
 * `suspend` and `dryRun` steer the operator and have no place in a document that only says what should change.
 */
export const WIRE_FIELDS = Object.freeze({
  intent_type: 'intentType',
  target: 'target',
  namespace: 'namespace',
  replicas: 'replicas',
  reason: 'reason',
  source: 'source',
  correlation_id: 'correlationId',
  target_api_version: 'targetApiVersion',
  target_kind: 'targetKind',
} as const);

export type WireField = keyof typeof WIRE_FIELDS;

export const WIRE_NAMES = Object.freeze(Object.keys(WIRE_FIELDS)) as readonly WireField[];

const WIRE_NAME_OF: ReadonlyMap<string, string> = new Map(WIRE_NAMES.map((name) => [WIRE_FIELDS[name], name]));

/** What a field of the spec is called in the wire document; a field that it does not have keeps its name. */
export function wireNameOf(specField: string): string {
  return WIRE_NAME_OF.get(specField) ?? specField;
}

/** Whether a key is a member of the wire document. */
export function isWireField(key: string): key is WireField {
  return Object.hasOwn(WIRE_FIELDS, key);
}
