import Type, { type Static, type TSchema } from 'typebox';
import { Spec } from '../schema/spec.ts';

// Bounds, patterns and descriptions are those of the spec: there is one source.
const { properties: spec } = Spec;

/**
 * The wire document: an intent in snake_case, with its namespace, as JSON or YAML. JSON Schema draft 2020-12.
 * `checkWire` is the check that users meet; a test holds the two to the same verdict.
 */
export const WireIntent = Type.Object(
  {
    intent_type: required<'scaling'>(spec.intentType),
    target: required<string>(spec.target),
    namespace: required<string>(spec.namespace),
    replicas: required<number>(spec.replicas),
    reason: optional<string>(spec.reason),
    source: optional<string>(spec.source),
    correlation_id: optional<string>(spec.correlationId),
    target_api_version: optional<string>(spec.targetApiVersion),
    target_kind: optional<string>(spec.targetKind),
  },
  {
    additionalProperties: false,
    description: 'What should change, as a document for files, the command line and HTTP.',
  },
);

export type WireIntent = Static<typeof WireIntent>;

function required<T>(schema: TSchema) {
  return Type.Unsafe<T>(plain(schema));
}

function optional<T>(schema: TSchema) {
  return Type.Optional(required<T>(schema));
}

/** The schema without the keywords that only the API server knows. */
function plain(schema: TSchema): TSchema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !/^x-kubernetes-|^~/.test(keyword)));
}
