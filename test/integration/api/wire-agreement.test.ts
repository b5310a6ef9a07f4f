import { dump } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WIRE_FIELDS, wireNameOf } from '../../../src/api/wire/fields.ts';
import { loadIntents } from '../../../src/api/wire/load.ts';
import { type CrdServer, intent, STRICT_DRY_RUN, startCrdServer } from './crd-server.ts';
import { mixedSamples, type Sample, singleSamples } from './samples.ts';

// The same intents as wire documents and as manifests, as JSON and as YAML text, and to a real API server.

let server: CrdServer;
beforeAll(async () => {
  server = await startCrdServer();
}, 120_000);
afterAll(() => server?.stop());

const SPEC_FIELDS: readonly string[] = Object.values(WIRE_FIELDS);

/** The sample with its namespace, and only with what a wire document can say. */
function inBothForms({ title, spec }: Sample): Sample {
  const shared = Object.entries(spec).filter(([field]) => SPEC_FIELDS.includes(field));
  return { title, spec: { namespace: 'shop', ...Object.fromEntries(shared) } };
}

function wireOf(spec: Sample['spec']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).map(([field, value]) => [wireNameOf(field), value]));
}

function accepted(text: string, format: 'json' | 'yaml'): boolean {
  const loaded = loadIntents(text, { name: 'sample', format });
  expect(loaded).toHaveLength(1);
  return loaded[0]?.valid ?? false;
}

async function disagreements(samples: readonly Sample[]): Promise<readonly string[]> {
  const verdicts = samples.map(inBothForms).map(async ({ title, spec }) => {
    const manifest = intent('sample', spec);
    const said = {
      server: (await server.create('sample', spec, STRICT_DRY_RUN)).status === 201,
      wireJson: accepted(JSON.stringify(wireOf(spec)), 'json'),
      wireYaml: accepted(dump(wireOf(spec)), 'yaml'),
      manifestJson: accepted(manifest, 'json'),
      manifestYaml: accepted(dump(JSON.parse(manifest)), 'yaml'),
    };
    return new Set(Object.values(said)).size === 1 ? [] : [`${title}: ${JSON.stringify(said)}`];
  });
  return (await Promise.all(verdicts)).flat();
}

test('every leaf gets one verdict, in both forms, as JSON and as YAML, here and from the server', async () => {
  expect(await disagreements(singleSamples())).toEqual([]);
}, 60_000);

test('many leaves at a time get one verdict, in both forms, as JSON and as YAML, here and from the server', async () => {
  expect(await disagreements(mixedSamples(300))).toEqual([]);
}, 60_000);

test('class number: 3.0 is 3 in every text, whatever the server says of the bare JSON', () => {
  const spec = '"target":"web","namespace":"shop","replicas":3.0';
  expect(accepted(`{"intent_type":"scaling",${spec}}`, 'json')).toBe(true);
  expect(accepted(`{"intent_type":"scaling",${spec}}`, 'yaml')).toBe(true);
  expect(accepted(intent('sample', `{"intentType":"scaling",${spec}}`), 'json')).toBe(true);
});

test('class null: a null is refused in every text, where the server drops it', async () => {
  const spec = { intentType: 'scaling', target: 'web', namespace: 'shop', replicas: 5, reason: null };
  expect((await server.create('sample', spec, STRICT_DRY_RUN)).status).toBe(201);
  expect(accepted(JSON.stringify(wireOf(spec)), 'json')).toBe(false);
  expect(accepted(dump(wireOf(spec)), 'yaml')).toBe(false);
});

test('class duplicates: a duplicate key is refused in every text and by the server', async () => {
  const spec = '{"intentType":"scaling","target":"web","namespace":"shop","replicas":5,"replicas":5}';
  expect((await server.create('sample', spec, STRICT_DRY_RUN)).status).toBe(400);
  expect(accepted(intent('sample', spec), 'json')).toBe(false);
  expect(accepted(spec.replace('intentType', 'intent_type'), 'json')).toBe(false);
});
