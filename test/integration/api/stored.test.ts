import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { patchIntentCrd } from '../../../src/api/crd.ts';
import { checkName, checkSpec, describeFindings, reasonOf } from '../../../src/api/validate.ts';
import { permissiveCrd } from '../../support/permissive-crd.ts';
import { BASE, type CrdServer, replaceCrd, STRICT_DRY_RUN, startCrdServer } from './crd-server.ts';

// Objects that came into the store under another schema than ours, and are there when the operator lists.

const GOOD = { intentType: 'scaling', target: 'web', replicas: 5 };

const deep = `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`;
const POISON: readonly (readonly [name: string, spec: string, reason: string])[] = [
  ['null', 'null', 'InvalidSpec'],
  ['text', '"scaling"', 'InvalidSpec'],
  ['list', '[1,2,3]', 'InvalidSpec'],
  ['number', '5', 'InvalidSpec'],
  ['empty', '{}', 'InvalidSpec'],
  ['float', '{"intentType":"scaling","target":"web","replicas":2.5}', 'InvalidSpec'],
  ['int64', '{"intentType":"scaling","target":"web","replicas":9223372036854775807}', 'InvalidSpec'],
  ['nulls', '{"intentType":null,"target":null,"replicas":null}', 'InvalidSpec'],
  ['types', '{"intentType":["scaling"],"target":{"name":"web"},"replicas":"5","suspend":"no"}', 'InvalidSpec'],
  ['future', '{"intentType":"image","target":"web","image":"nginx:2"}', 'UnsupportedIntentType'],
  ['traversal', '{"intentType":"scaling","target":"../../etc","replicas":5}', 'InvalidPath'],
  ['namespace', '{"intentType":"scaling","target":"web","namespace":"..","replicas":5}', 'InvalidPath'],
  ['controls', '{"intentType":"scaling","target":"web\\u0000\\r\\n\\u001b[2J\\u202e","replicas":5}', 'InvalidPath'],
  [
    'prototype',
    '{"__proto__":{"target":"web"},"constructor":{"prototype":{"polluted":1}},"intentType":"scaling"}',
    'InvalidSpec',
  ],
  ['deep', `{"intentType":"scaling","target":"web","replicas":${deep},"extra":${deep}}`, 'InvalidSpec'],
  ['huge', JSON.stringify({ ...GOOD, target: 'a'.repeat(400_000), reason: '😀'.repeat(100_000) }), 'InvalidSpec'],
  [
    'many',
    JSON.stringify({ ...GOOD, ...Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])) }),
    'InvalidSpec',
  ],
];

interface Stored {
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
}

let server: CrdServer;
/** As listed under the schema that takes anything, and under ours, where the server prunes what it does not know. */
let stored: ReadonlyMap<string, unknown>;
let pruned: ReadonlyMap<string, unknown>;
beforeAll(async () => {
  server = await startCrdServer(permissiveCrd());
  for (const [name, spec] of POISON) {
    const answer = await server.create(name, spec);
    if (answer.status !== 201) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
  }
  await server.create('absent', 'null');
  await server.create('good', GOOD);
  await server.create('a'.repeat(253), GOOD);
  stored = await list();
  await replaceCrd(
    server.api,
    patchIntentCrd(),
    async () => (await server.create('probe', {}, STRICT_DRY_RUN)).status === 422,
  );
  pruned = await list();
}, 120_000);
afterAll(() => server?.stop());

/** A list from the storage; while the server builds the cache of the new schema it answers 429. */
async function list(): Promise<ReadonlyMap<string, unknown>> {
  for (;;) {
    const { status, body } = await server.api.send('GET', `${BASE}/patchintents`);
    if (status === 200)
      return new Map((body.items as readonly Stored[]).map(({ metadata, spec }) => [metadata.name, spec]));
    if (status !== 429) throw new Error(JSON.stringify(body));
    await sleep(100);
  }
}

test.each(POISON)('a stored spec of the kind %s is found out', (name, _, reason) => {
  const findings = checkSpec(stored.get(name));
  expect(findings).not.toEqual([]);
  expect(reasonOf(findings)).toBe(reason);
  expect(describeFindings(findings)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|\u202e/u);
  expect(describeFindings(findings).length).toBeLessThan(5_000);
});

test.each(POISON)('a stored spec of the kind %s is safe to check after the server pruned it', (name) => {
  expect(pruned.has(name)).toBe(true);
  const findings = checkSpec(pruned.get(name));
  // What was wrong only by unknown fields is whole again; the rest is still found out.
  expect(findings.length === 0).toBe(name === 'many');
});

test('one poisoned object does not keep the good one from being listed and accepted', () => {
  expect(checkSpec(stored.get('good'))).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('a stored name over the bound is found out', () => {
  const name = 'a'.repeat(253);
  expect(stored.has(name)).toBe(true);
  expect(checkName(name).map(({ code }) => code)).toEqual(['too-long']);
});

async function writeStatus(name: string): Promise<number> {
  const path = `${BASE}/namespaces/shop/patchintents/${name}`;
  const { body } = await server.api.send('GET', path);
  const { resourceVersion } = body.metadata as { resourceVersion: string };
  const { apiVersion, kind } = body;
  const metadata = { name, namespace: 'shop', resourceVersion };
  const answer = await server.api.send('PUT', `${path}/status`, {
    apiVersion,
    kind,
    metadata,
    status: { observedGeneration: 1 },
  });
  return answer.status;
}

test.each(['empty', 'nulls', 'future', 'huge', 'a'.repeat(253)])(
  'the operator can write the status of the stored invalid object %s',
  async (name) => {
    expect(await writeStatus(name)).toBe(200);
  },
);

// Kubernetes 1.32 forgives an unchanged spec only when the spec itself is written, and not what breaks a rule in CEL when the
// status is: there, nothing but a correction of the spec helps, as below.
test.each(['traversal', 'namespace', 'controls', 'int64', 'prototype'])(
  'since Kubernetes 1.33 the operator can write the status of the stored object %s, which breaks a rule in CEL',
  async (name) => {
    const { body } = await server.api.send('GET', '/version');
    expect(await writeStatus(name)).toBe(Number(body.minor) >= 33 ? 200 : 422);
  },
);

// CEL cannot read a value of the wrong type, and the server does not forgive that of an unchanged spec as it forgives the
// rest. Nothing but a correction of the spec helps, so the operator has to tell of it by Event and log.
test.each(['text', 'list', 'types', 'float', 'deep'])(
  'limit: the server refuses any status of the stored object %s, which holds a value of the wrong type',
  async (name) => {
    expect(await writeStatus(name)).toBe(422);
  },
);
