/** A JSON schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Keywords that say nothing to the API server and that it refuses. */
const DROPPED = new Set(['$id', '$schema', 'examples']);

/**
 * Rewrites a draft 2020-12 schema, as TypeBox writes it, into the structural form that a CRD takes (OpenAPI v3 of
 * apiextensions.k8s.io/v1). Pure. What has no structural form stays as it is, for `lintCrd` to refuse.
 *
 * | from | to |
 * |---|---|
 * | `anyOf` of `const`, `const` | `type` + `enum` |
 * | `enum` without `type` | `type` added |
 * | `patternProperties` (one pattern) | `additionalProperties: <schema>` |
 * | `additionalProperties: false` | left out: the server prunes, or refuses under strict validation |
 * | `anyOf [x, null]`, `type: [x, null]` | `x` + `nullable: true` |
 * | numeric `exclusiveMinimum`, `exclusiveMaximum` | bound + `true` |
 */
export function toStructural(schema: JsonSchema): JsonSchema {
  const out: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(withoutUnions(schema))) {
    if (DROPPED.has(keyword)) continue;
    Object.assign(out, structuralKeyword(keyword, value));
  }
  if (Array.isArray(out.enum) && out.type === undefined) out.type = commonType(out.enum);
  return out;
}

function structuralKeyword(keyword: string, value: unknown): JsonSchema {
  switch (keyword) {
    case 'properties':
      return { properties: mapValues(asSchema(value), (property) => toStructural(asSchema(property))) };
    case 'items':
      return { items: toStructural(asSchema(value)) };
    case 'additionalProperties':
      return value === false ? {} : { additionalProperties: value === true ? true : toStructural(asSchema(value)) };
    case 'patternProperties':
      return recordOf(asSchema(value));
    case 'const':
      return { enum: [value] };
    case 'exclusiveMinimum':
      return typeof value === 'number' ? { minimum: value, exclusiveMinimum: true } : { exclusiveMinimum: value };
    case 'exclusiveMaximum':
      return typeof value === 'number' ? { maximum: value, exclusiveMaximum: true } : { exclusiveMaximum: value };
    default:
      return { [keyword]: value };
  }
}

/** Takes apart the unions that have a structural form: with null, and of constants. */
function withoutUnions(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema.type)) return withoutNullType(schema, schema.type);
  if (!Array.isArray(schema.anyOf)) return schema;
  const { anyOf: _, ...rest } = schema;
  const branches = schema.anyOf.map(asSchema);
  const kept = branches.filter((branch) => branch.type !== 'null');
  const nullable = kept.length < branches.length ? { nullable: true } : {};
  const [only] = kept;
  if (kept.length === 1 && only !== undefined) return { ...withoutUnions(only), ...rest, ...nullable };
  if (kept.every((branch) => 'const' in branch)) {
    return { ...rest, enum: kept.map((branch) => branch.const), ...nullable };
  }
  return schema;
}

function withoutNullType(schema: JsonSchema, types: readonly unknown[]): JsonSchema {
  const kept = types.filter((type) => type !== 'null');
  if (kept.length !== 1) return schema;
  return { ...schema, type: kept[0], ...(kept.length < types.length ? { nullable: true } : {}) };
}

/** A map of one kind of value. The server has no patterns for keys; that loss is checked in code where it matters. */
function recordOf(patterns: JsonSchema): JsonSchema {
  const [schema, ...more] = Object.values(patterns);
  if (schema === undefined || more.length > 0) return { patternProperties: patterns };
  return { additionalProperties: toStructural(asSchema(schema)) };
}

function commonType(values: readonly unknown[]): string | undefined {
  const types = new Set(values.map((value) => (Number.isInteger(value) ? 'integer' : typeof value)));
  const [type] = types;
  return types.size === 1 ? type : undefined;
}

function asSchema(value: unknown): JsonSchema {
  return value as JsonSchema;
}

function mapValues(record: JsonSchema, change: (value: unknown) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
