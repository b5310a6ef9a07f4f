import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { type Crd, type CrdVersion, patchIntentCrd } from '../../../src/api/crd.ts';
import { lintCrd } from '../../../src/api/crd-lint.ts';
import { crds } from '../../../src/api/crds.ts';
import type { JsonSchema } from '../../../src/api/structural.ts';

const TEXT = { type: 'string', maxLength: 9 };

/** The CRD with the spec replaced, and the other changes of the case. */
function crd(specProperties: Record<string, JsonSchema>, more: Partial<CrdVersion> = {}, root: JsonSchema = {}): Crd {
  const real = patchIntentCrd();
  const [version] = real.spec.versions;
  if (version === undefined) throw new Error('no version');
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: specProperties } }, ...root };
  const lean = { additionalPrinterColumns: [], selectableFields: [], schema: { openAPIV3Schema: schema } };
  return { ...real, spec: { ...real.spec, versions: [{ ...version, ...lean, ...more }] } };
}

test.each(crds().map((it) => [it.metadata.name, it] as const))('%s as we ship it passes the lint', (_, shipped) => {
  expect(lintCrd(shipped)).toEqual([]);
});

test('the CRDs are the same objects each time, and JSON keeps all of them', () => {
  expect(JSON.parse(JSON.stringify(crds()))).toEqual(crds());
});

test.each(['crds', 'config/crd', 'charts/patchgen/files/crds'])(
  'the files in %s are the CRDs of the schema source, all of them',
  (place) => {
    const folder = new URL(`../../../${place}/`, import.meta.url);
    const files = readdirSync(folder).filter((name) => name.startsWith('patchgen.dev_'));
    expect(files.map((name) => load(readFileSync(new URL(name, folder), 'utf8')))).toEqual(crds());
  },
);

test.each<[string, Crd]>([
  ['keyword $schema is not for a CRD', crd({ a: { ...TEXT, $schema: 'x' } })],
  ['keyword patternProperties is not for a CRD', crd({ a: { type: 'object', patternProperties: {} } })],
  ['keyword const is not for a CRD', crd({ a: { ...TEXT, const: 'x' } })],
  ['keyword if is not for a CRD', crd({ a: { ...TEXT, if: {} } })],
  ['keyword uniqueItems is not for a CRD', crd({ a: { type: 'array', uniqueItems: true } })],
  ['keyword x-mine is not for a CRD', crd({ a: { ...TEXT, 'x-mine': 1 } })],
  ['additionalProperties: false is refused', crd({ a: { type: 'object', additionalProperties: false } })],
  [
    'additionalProperties beside properties is refused',
    crd({ a: { type: 'object', properties: {}, additionalProperties: true } }),
  ],
  ['exclusiveMinimum must be a boolean', crd({ a: { type: 'integer', exclusiveMinimum: 0 } })],
  ['a single type is required', crd({ a: { enum: ['x'] } })],
  ['a single type is required', crd({ a: { type: ['string', 'null'] } })],
  ['RE2 has no lookaround', crd({ a: { ...TEXT, pattern: '^(?!x)' } })],
  ['this escape is not RE2', crd({ a: { ...TEXT, pattern: '\\u0041' } })],
  ['pattern does not compile', crd({ a: { ...TEXT, pattern: '[' } })],
  ['default is string, not integer', crd({ a: { type: 'integer', default: '1' } })],
  ['list map key type must be required', crd({ a: listMap({ properties: { type: TEXT } }) })],
  ['a list map needs keys', crd({ a: { ...listMap({}), 'x-kubernetes-list-map-keys': [] } })],
  [
    'a rule on a string needs maxLength',
    crd({ a: { type: 'string', 'x-kubernetes-validations': [{ rule: 'true', message: 'm' }] } }),
  ],
  [
    'a rule needs a message of one line',
    crd({ a: { ...TEXT, 'x-kubernetes-validations': [{ rule: 'true', message: 'a\nb' }] } }),
  ],
  ['selectableFields .spec.b: no such field', crd({ a: TEXT }, { selectableFields: [{ jsonPath: '.spec.b' }] })],
  [
    'selectableFields .spec.a: must be a string',
    crd({ a: { type: 'object' } }, { selectableFields: [{ jsonPath: '.spec.a' }] }),
  ],
  [
    'column B: .spec.b leads nowhere',
    crd(
      { a: TEXT },
      { additionalPrinterColumns: [{ name: 'B', type: 'string', jsonPath: '.spec.b', description: '' }] },
    ),
  ],
  [
    'metadata.labels: only name',
    crd({}, {}, { properties: { metadata: { type: 'object', properties: { labels: TEXT } } } }),
  ],
  ['exactly one must be the storage version', crd({}, { storage: false })],
  ['metadata.name: must be <plural>.<group>', { ...crd({}), metadata: { name: 'x' } }],
])('the lint says: %s', (words, broken) => {
  const problems = lintCrd(broken);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(words);
});

function listMap(items: JsonSchema): JsonSchema {
  return {
    type: 'array',
    maxItems: 9,
    items: { type: 'object', ...items },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  };
}

test('every field says what it is for', () => {
  const [version] = patchIntentCrd().spec.versions;
  const silent = (schema: JsonSchema, path: string): string[] => [
    ...(schema.description === undefined && path !== '.metadata' ? [path] : []),
    ...Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(([key, field]) =>
      silent(field, `${path}.${key}`),
    ),
  ];
  expect(silent(version?.schema.openAPIV3Schema ?? {}, '')).toEqual([]);
});
