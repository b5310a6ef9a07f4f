import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { PatchIntentSpec } from '../../../../src/api/schema/patchintent.ts';
import { checkSpec } from '../../../../src/api/validate.ts';
import { checkWire } from '../../../../src/api/wire/check.ts';
import { wireNameOf } from '../../../../src/api/wire/fields.ts';
import { loadIntents } from '../../../../src/api/wire/load.ts';
import { WireIntent } from '../../../../src/api/wire/schema.ts';
import { fromWire, toWire } from '../../../../src/api/wire/wire.ts';
import { mixedSamples, type Sample, singleSamples } from '../../../integration/api/samples.ts';
import { labelNames } from '../../../support/specs.ts';

const GOOD = { intent_type: 'scaling', target: 'web', namespace: 'shop', replicas: 5 } as const;

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Every valid spec, with and without each optional field. */
const specs: fc.Arbitrary<PatchIntentSpec> = fc
  .record({
    intentType: fc.constant('scaling' as const),
    target: labelNames(253),
    namespace: maybe(labelNames(63)),
    replicas: fc.integer({ min: 0, max: 100 }),
    reason: maybe(fc.string({ unit: 'grapheme', maxLength: 40 })),
    source: maybe(fc.string({ unit: 'grapheme', maxLength: 20 })),
    correlationId: maybe(fc.string({ unit: fc.constantFrom(...'aZ0_-'), minLength: 1, maxLength: 128 })),
    targetApiVersion: maybe(fc.constantFrom('apps/v1', 'v1', 'example.com/v1beta2')),
    targetKind: maybe(fc.constantFrom('Deployment', 'StatefulSet', 'Widget')),
    suspend: maybe(fc.boolean()),
    dryRun: maybe(fc.boolean()),
  })
  .map((spec) => withoutUndefined(spec) as unknown as PatchIntentSpec);

function withoutUndefined(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

test('a spec goes to the wire and back with its namespace filled in and without suspend and dryRun', () => {
  fc.assert(
    fc.property(specs, labelNames(63), (spec, own) => {
      const { suspend: _, dryRun: __, ...rest } = spec;
      const namespace = spec.namespace ?? own;
      expect(fromWire(toWire(spec, own))).toEqual({ spec: { ...rest, namespace }, namespace });
    }),
  );
});

test('a wire document goes to a spec and back unchanged, by way of JSON and of YAML', () => {
  fc.assert(
    fc.property(specs, labelNames(63), (spec, own) => {
      const wire = toWire(spec, own);
      for (const text of [JSON.stringify(wire), quoted(wire)]) {
        const [loaded] = loadIntents(text, { name: 'x' });
        if (loaded?.valid !== true) throw new Error(JSON.stringify(loaded));
        const { suspend: _, dryRun: __, ...resolved } = loaded.spec;
        const defaults = { target_api_version: 'apps/v1', target_kind: 'Deployment' };
        expect(toWire(resolved, 'other')).toEqual({ ...defaults, ...wire });
      }
      const read = fromWire(wire);
      if ('findings' in read) throw new Error('refused');
      expect(toWire(read.spec, 'other')).toEqual(wire);
    }),
  );
});

/** YAML in which no string can be taken for something else. Unfolded: the library folds in the middle of surrogate pairs. */
function quoted(value: unknown): string {
  return stringify(value, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
}

const ajv = new Ajv2020({ allErrors: true, strict: true, formats: { int32: true } });
const valid = ajv.compile(JSON.parse(JSON.stringify(WireIntent)));

/** The samples of the agreement with the API server, in the wire form; what it does not have is left out. */
function wireSamples(): readonly { readonly title: string; readonly spec: Sample['spec']; readonly wire: object }[] {
  return [...singleSamples(), ...mixedSamples(400)].map(({ title, spec }) => {
    const { suspend: _, dryRun: __, ...rest } = { namespace: 'shop', ...spec } as Record<string, unknown>;
    return {
      title,
      spec: rest,
      wire: Object.fromEntries(Object.entries(rest).map(([key, value]) => [wireNameOf(key), value])),
    };
  });
}

test('the samples get the same verdict as a manifest, as wire JSON, as wire YAML and from the JSON Schema', () => {
  const samples = wireSamples();
  const verdicts = samples.map(({ title, spec, wire }) => {
    const expected = checkSpec(spec).length === 0;
    const json = loadIntents(JSON.stringify(wire), { name: 'x.json' });
    const yaml = loadIntents(quoted(wire), { name: 'x.yaml' });
    const resource = { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', metadata: { name: 'web' }, spec };
    const manifest = loadIntents(JSON.stringify(resource), { name: 'x.json' });
    for (const loaded of [json, yaml, manifest])
      expect(
        loaded.map((one) => one.valid),
        title,
      ).toEqual([expected]);
    expect(valid(wire), title).toBe(expected);
    return expected;
  });
  expect(verdicts.filter(Boolean).length).toBeGreaterThan(60);
  expect(verdicts.filter((verdict) => !verdict).length).toBeGreaterThan(200);
});

test('the findings of a wire document are those of the spec, in its own names', () => {
  for (const { spec, wire, title } of wireSamples()) {
    const expected = checkSpec(spec, wireNameOf);
    expect(checkWire(wire), title).toEqual(expected);
  }
});

test.each<[string, unknown, readonly string[]]>([
  ['no namespace', { ...GOOD, namespace: undefined }, ['required /namespace namespace is required']],
  [
    'no number',
    { ...GOOD, replicas: undefined },
    ["required /replicas replicas is required when intent_type is 'scaling'; a missing value never counts as 0"],
  ],
  ['a null number', { ...GOOD, replicas: null }, ['wrong-type /replicas replicas must be an integer, not null']],
  [
    'another type',
    { ...GOOD, intent_type: 'image' },
    ['unsupported-intent-type /intent_type intent_type must be \'scaling\', not "image"'],
  ],
  [
    'camel case',
    { ...GOOD, correlationId: 'x' },
    ['unknown-field /correlationId unknown field "correlationId" (did you mean correlation_id?)'],
  ],
  ['suspend', { ...GOOD, suspend: true }, ['unknown-field /suspend unknown field "suspend"']],
  [
    'a long namespace',
    { ...GOOD, namespace: 'a'.repeat(64) },
    ['too-long /namespace namespace too long: 64 characters, at most 63'],
  ],
  ['a list', [], ['wrong-type  the document must be an object (an intent)']],
  ['null', null, ['wrong-type  the document must be an object (an intent)']],
])('%s is told with code, pointer and message', (_, value, findings) => {
  expect(checkWire(value).map(({ code, pointer, message }) => `${code} ${pointer} ${message}`)).toEqual(findings);
});

test('the findings about a hostile document are bounded', () => {
  const hostile = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, n]));
  const findings = checkWire(hostile);
  expect(findings.length).toBeLessThan(80);
  expect(findings.at(-1)?.message).toBe('and 4968 more findings');
});
