import type { JsonSchema } from './structural.ts';

/** The keywords that the lint looks into. */
export interface SchemaView extends JsonSchema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, SchemaView>>;
  readonly items?: SchemaView;
  readonly required?: readonly string[];
}

const KEYWORDS = new Set(
  [
    'type format description title default nullable enum required properties items additionalProperties',
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern minItems maxItems',
    'minProperties maxProperties x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys',
    'x-kubernetes-map-type x-kubernetes-int-or-string x-kubernetes-preserve-unknown-fields',
  ].flatMap((line) => line.split(' ')),
);
const TYPES = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean']);

/** Checks one schema and all below it. Each problem begins with the path of its field. */
export function lintSchema(schema: JsonSchema, path = ''): string[] {
  const view: SchemaView = schema;
  const own = [
    ...lintKeywords(view),
    ...lintType(view),
    ...lintPattern(view),
    ...lintDefault(view),
    ...lintListMap(view),
    ...lintRules(view),
  ].map((problem) => `${path || '.'}: ${problem}`);
  const below = Object.entries(view.properties ?? {}).flatMap(([key, value]) => lintSchema(value, `${path}.${key}`));
  const items = view.items === undefined ? [] : lintSchema(view.items, `${path}[]`);
  return [...own, ...below, ...items];
}

function lintKeywords(schema: SchemaView): string[] {
  const unknown = Object.keys(schema).filter((keyword) => !KEYWORDS.has(keyword));
  const problems = unknown.map((keyword) => `keyword ${keyword} is not for a CRD`);
  if (schema.additionalProperties === false) problems.push('additionalProperties: false is refused');
  if (schema.additionalProperties !== undefined && schema.properties !== undefined) {
    problems.push('additionalProperties beside properties is refused');
  }
  for (const keyword of ['exclusiveMinimum', 'exclusiveMaximum']) {
    if (typeof schema[keyword] === 'number') problems.push(`${keyword} must be a boolean`);
  }
  return problems;
}

function lintType(schema: SchemaView): string[] {
  if (typeof schema.type === 'string' && TYPES.has(schema.type)) return [];
  if (schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true)
    return [];
  return ['a single type is required'];
}

/** The server compiles patterns with RE2, the validator with the `u` flag: both must read the same. */
function lintPattern(schema: SchemaView): string[] {
  const { pattern } = schema;
  if (pattern === undefined) return [];
  if (typeof pattern !== 'string') return ['pattern must be a string'];
  if (/\(\?<?[=!]/.test(pattern)) return ['RE2 has no lookaround'];
  if (/\\[uUkc1-9]/.test(pattern)) return ['this escape is not RE2'];
  if (!compiles(pattern)) return ['pattern does not compile'];
  return [];
}

function compiles(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').unicode;
  } catch {
    return false;
  }
}

function lintDefault(schema: SchemaView): string[] {
  if (schema.default === undefined || typeof schema.type !== 'string') return [];
  const actual = Array.isArray(schema.default) ? 'array' : typeof schema.default;
  const expected = schema.type === 'integer' ? 'number' : schema.type;
  return actual === expected ? [] : [`default is ${actual}, not ${schema.type}`];
}

function lintListMap(schema: SchemaView): string[] {
  if (schema['x-kubernetes-list-type'] !== 'map') return [];
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as readonly string[];
  if (keys.length === 0) return ['a list map needs keys'];
  const required = schema.items?.required ?? [];
  return keys
    .filter((key) => !required.includes(key) && schema.items?.properties?.[key]?.default === undefined)
    .map((key) => `list map key ${key} must be required or have a default`);
}

/** Rules over unbounded strings or lists run into the cost limit of the server. */
function lintRules(schema: SchemaView): string[] {
  const rules = schema['x-kubernetes-validations'];
  if (rules === undefined) return [];
  const problems: string[] = [];
  if (schema.type === 'string' && schema.maxLength === undefined && schema.enum === undefined) {
    problems.push('a rule on a string needs maxLength');
  }
  if (schema.type === 'array' && schema.maxItems === undefined) problems.push('a rule on a list needs maxItems');
  for (const { rule, message } of rules as readonly { rule?: unknown; message?: unknown }[]) {
    if (typeof rule !== 'string' || rule.trim() === '') problems.push('a rule must not be empty');
    if (typeof message !== 'string' || message === '' || /[\r\n]/.test(message))
      problems.push('a rule needs a message of one line');
  }
  return problems;
}
