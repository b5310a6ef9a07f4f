import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkName, checkSpec } from '../../../src/api/validate.ts';
import { compileSpecValidator } from '../../../tools/generate/validator.ts';
import { BASE, type CrdServer, intent, STRICT_DRY_RUN, startCrdServer } from './crd-server.ts';
import { mixedSamples, type Sample, singleSamples } from './samples.ts';

// The same samples to `checkSpec` and to a real API server under strict field validation. Where the two may differ,
// the class of the difference is a test of its own below.

let server: CrdServer;
beforeAll(async () => {
  server = await startCrdServer();
}, 120_000);
afterAll(() => server?.stop());

const GOOD = { intentType: 'scaling', target: 'web', replicas: 5 };
const COLLECTION = `${BASE}/namespaces/shop/patchintents`;

/** The titles of the samples of which the two think differently, with what each said. */
async function disagreements(samples: readonly Sample[]): Promise<readonly string[]> {
  const verdicts = samples.map(async ({ title, spec }) => {
    const findings = checkSpec(spec);
    const { status, body } = await server.create('sample', spec, STRICT_DRY_RUN);
    expect([201, 422, 400], title).toContain(status);
    if ((status === 201) === (findings.length === 0)) return [];
    return [`${title}: server ${status} ${String(body.message ?? '')}; checkSpec ${JSON.stringify(findings)}`];
  });
  return (await Promise.all(verdicts)).flat();
}

async function status(spec: unknown, query = STRICT_DRY_RUN): Promise<number> {
  return (await server.create('sample', spec, query)).status;
}

test('every leaf, valid, at both bounds and invalid, gets the same verdict from the server and from checkSpec', async () => {
  const samples = singleSamples();
  expect(samples.length).toBeGreaterThan(180);
  expect(await disagreements(samples)).toEqual([]);
}, 60_000);

test('many leaves at a time get the same verdict from the server and from checkSpec', async () => {
  const samples = mixedSamples(400);
  const valid = samples.filter(({ spec }) => checkSpec(spec).length === 0);
  expect(valid.length).toBeGreaterThan(10);
  expect(valid.length).toBeLessThan(390);
  expect(await disagreements(samples)).toEqual([]);
}, 60_000);

test.each([200, 201, 253])(
  'a name of %i characters gets the same verdict from the server and from checkName',
  async (length) => {
    const name = 'a'.repeat(length);
    const answer = await server.create(name, GOOD, STRICT_DRY_RUN);
    expect(answer.status === 201).toBe(checkName(name).length === 0);
    if (answer.status !== 201) expect(answer.body.message).toContain('metadata.name too long: at most 200 characters');
  },
);

test('class null: the server drops null on an optional field, checkSpec refuses it', async () => {
  for (const field of [
    'namespace',
    'reason',
    'source',
    'correlationId',
    'suspend',
    'dryRun',
    'targetKind',
    'targetApiVersion',
  ]) {
    const spec = { ...GOOD, [field]: null };
    expect(await status(spec), field).toBe(201);
    expect(checkSpec(spec).map(({ code }) => code)).toEqual(['wrong-type']);
  }
  for (const field of ['intentType', 'target', 'replicas']) {
    const spec = { ...GOOD, [field]: null };
    expect(await status(spec), field).toBe(422);
    expect(checkSpec(spec)).not.toEqual([]);
  }
});

test('class null: a stored object has no null, so the operator never meets one', async () => {
  const answer = await server.create('with-null', { ...GOOD, namespace: null, suspend: null });
  expect(answer.status).toBe(201);
  const { spec } = answer.body;
  expect(spec).toEqual({
    ...GOOD,
    suspend: false,
    dryRun: false,
    targetApiVersion: 'apps/v1',
    targetKind: 'Deployment',
  });
  expect(checkSpec(spec)).toEqual([]);
});

test('class CEL: the rules are not in the schema, and checkSpec says them in code', async () => {
  const spec = { intentType: 'scaling', target: 'web' };
  expect(compileSpecValidator()(spec)).toBe(true);
  expect(checkSpec(spec).map(({ code }) => code)).toEqual(['required']);
  expect(await status(spec)).toBe(422);
});

test.each(['3.0', '3e0', '1e2'])(
  'class number: %s as JSON is an integer for checkSpec, and CEL refuses it as a float',
  async (text) => {
    const spec = `{"intentType":"scaling","target":"web","replicas":${text}}`;
    expect(checkSpec(JSON.parse(spec))).toEqual([]);
    const answer = await server.create('sample', spec, STRICT_DRY_RUN);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain('expected int, got float64');
  },
);

test('class number: 3.0 passes by server-side apply and is stored as 3', async () => {
  const body = intent('applied', '{"intentType":"scaling","target":"web","replicas":3.0}');
  const query = '?fieldManager=test&fieldValidation=Strict';
  const answer = await server.api.send('PATCH', `${COLLECTION}/applied${query}`, body, 'application/apply-patch+yaml');
  expect(answer.status).toBe(201);
  expect(answer.body.spec).toMatchObject({ replicas: 3 });
});

test('class number: an integer beyond 64 bits is refused by both', async () => {
  const spec = '{"intentType":"scaling","target":"web","replicas":99999999999999999999}';
  expect(checkSpec(JSON.parse(spec)).map(({ code }) => code)).toEqual(['out-of-range']);
  expect(await status(spec)).toBe(422);
});

test.each([
  ['unknown', '"bogus":1', 'unknown field "spec.bogus"'],
  ['wrong case', '"Replicas":6', 'unknown field "spec.Replicas"'],
  ['__proto__', '"__proto__":{"a":1}', 'unknown field "spec.__proto__"'],
  ['duplicate', '"target":"web"', 'duplicate field "spec.target"'],
])(
  'class fields: %s is refused under strict validation, and pruned with a warning without',
  async (kind, extra, words) => {
    const spec = `{"intentType":"scaling","target":"web","replicas":5,${extra}}`;
    const strict = await server.create('sample', spec, STRICT_DRY_RUN);
    expect(strict.status).toBe(400);
    expect(strict.body.message).toContain(words);
    const lax = await server.create('sample', spec, '?dryRun=All');
    expect(lax.status).toBe(201);
    expect(lax.warnings.replaceAll('\\"', '"')).toContain(words);
    expect(lax.body.spec).toMatchObject(GOOD);
    // JSON.parse takes the last of two equal keys; the reader of files refuses them before checkSpec sees the spec.
    expect(checkSpec(JSON.parse(spec)).map(({ code }) => code)).toEqual(kind === 'duplicate' ? [] : ['unknown-field']);
  },
);

test('class fields: an unknown field in a strict merge patch is a 422', async () => {
  await server.create('patched', GOOD);
  const path = `${COLLECTION}/patched?fieldValidation=Strict`;
  const answer = await server.api.send('PATCH', path, { spec: { bogus: 1 } }, 'application/merge-patch+json');
  expect(answer.status).toBe(422);
  expect(answer.body.message).toContain('unknown field "spec.bogus"');
});

test('class text: a lone surrogate is stored as U+FFFD, and checkSpec takes either', async () => {
  const spec = '{"intentType":"scaling","target":"web","replicas":5,"reason":"a\\ud800b"}';
  const answer = await server.create('surrogate', spec);
  expect(answer.body.spec).toMatchObject({ reason: 'a\ufffdb' });
  expect(checkSpec(JSON.parse(spec))).toEqual([]);
});
