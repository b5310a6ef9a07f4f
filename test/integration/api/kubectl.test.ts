import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { patchIntentCrd } from '../../../src/api/crd.ts';
import { crds } from '../../../src/api/crds.ts';
import type { PatchIntent } from '../../../src/api/types.ts';
import { checkSpec, describeFindings } from '../../../src/api/validate.ts';
import { BASE, type CrdServer, intent, startCrdServer } from './crd-server.ts';

// What a person sees who works with kubectl.

const SAMPLES = fileURLToPath(new URL('../../../config/samples/', import.meta.url));
const BAD = `${SAMPLES}bad/`;
const GOOD_FILES = files(SAMPLES);

let server: CrdServer;
beforeAll(async () => {
  server = await startCrdServer();
  await kubectl('apply', '-f', SAMPLES);
  await writeStatus();
}, 120_000);
afterAll(() => server?.stop());

function files(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.yaml'));
}

async function kubectl(...args: readonly string[]): Promise<string> {
  return (await server.plane.kubectl(args)).stdout;
}

async function refusal(args: readonly string[], input?: string): Promise<string> {
  const result = await server.plane.kubectl(args, { allowFailure: true, ...(input === undefined ? {} : { input }) });
  expect(result.code, result.stdout).not.toBe(0);
  return result.stderr;
}

/** What the operator would write for `web`. */
async function writeStatus(): Promise<void> {
  const digest = 'a'.repeat(64);
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'PackageWritten',
    message: 'package shop/web is on disk',
    lastTransitionTime: '2026-01-02T03:04:05Z',
    observedGeneration: 1,
  };
  const found = {
    name: 'web-scaling-0123456789ab',
    digest,
    path: 'shop/web',
    root: 'r',
    generation: 1,
    fileCount: 5,
    sizeBytes: 9,
  };
  const status = { observedGeneration: 1, change: 'replicas → 5', package: found, conditions: [ready] };
  const path = `${BASE}/namespaces/shop/patchintents/web/status`;
  const answer = await server.api.send('PATCH', path, { status }, 'application/merge-patch+json');
  expect(answer.status).toBe(200);
}

/** The words in the comment of a bad sample: the line that is set in. */
function words(path: string): string {
  return /^# {3}(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? `no comment in ${path}`;
}

function specOf(path: string): unknown {
  return (load(readFileSync(path, 'utf8')) as PatchIntent).spec;
}

test('every good sample is accepted by the server and has no findings', async () => {
  const names = (await kubectl('get', 'pi', '-n', 'shop', '-o', 'name')).trim().split('\n');
  const intents = GOOD_FILES.filter((name) => name !== '00-namespace.yaml');
  expect(names).toHaveLength(intents.length);
  for (const name of intents) expect(checkSpec(specOf(SAMPLES + name)), name).toEqual([]);
});

test.each(files(BAD).filter((name) => name.startsWith('refused-')))(
  '%s is refused in the words of its comment',
  async (name) => {
    expect(await refusal(['apply', '-f', BAD + name])).toContain(words(BAD + name));
    if (name !== 'refused-name-too-long.yaml') expect(checkSpec(specOf(BAD + name))).not.toEqual([]);
  },
);

test.each(files(BAD).filter((name) => name.startsWith('rejected-')))(
  '%s is accepted by the server, for the operator to reject',
  async (name) => {
    await kubectl('apply', '--dry-run=server', '-f', BAD + name);
    expect(checkSpec(specOf(BAD + name))).toEqual([]);
  },
);

test('the phrases that the server has no words of its own for are those of checkSpec', async () => {
  const spec = { intentType: 'scaling', target: '../Web', replicas: 101 };
  const said = await refusal(['apply', '-f', '-'], intent('bad', spec));
  for (const phrase of ['replicas out of range', 'target does not match pattern', 'path traversal detected']) {
    expect(said).toContain(phrase);
    expect(describeFindings(checkSpec(spec))).toContain(phrase);
  }
});

test('the server says that rules were skipped when a type, an enum or a length is wrong; checkSpec still says all', async () => {
  const spec = { intentType: 'image', target: '../Web', replicas: 101 };
  const said = await refusal(['apply', '-f', '-'], intent('bad', spec));
  expect(said).toContain('some validation rules were not checked');
  expect(said).not.toContain('path traversal detected');
  expect(describeFindings(checkSpec(spec))).toContain('path traversal detected');
});

test('YAML 3.0 is 3', async () => {
  const yaml =
    'apiVersion: patchgen.dev/v1alpha1\nkind: PatchIntent\nmetadata: {name: float, namespace: shop}\nspec: {intentType: scaling, target: web, replicas: 3.0}\n';
  const { stdout } = await server.plane.kubectl(
    ['create', '--dry-run=server', '-o', 'jsonpath={.spec.replicas}', '-f', '-'],
    { input: yaml },
  );
  expect(stdout).toBe('3');
});

test('kubectl get pi shows type, target, change, ready, status and age', async () => {
  const [head, ...rows] = (await kubectl('get', 'pi', '-n', 'shop')).trim().split('\n');
  expect(head?.split(/ {2,}/)).toEqual(['NAME', 'TYPE', 'TARGET', 'CHANGE', 'READY', 'STATUS', 'AGE']);
  const web = rows.find((row) => row.startsWith('web '));
  expect(web?.split(/ {2,}/).slice(0, 6)).toEqual([
    'web',
    'scaling',
    'web',
    'replicas → 5',
    'True',
    'package shop/web is on disk',
  ]);
});

test('kubectl get pi -o wide adds package and correlation', async () => {
  const [head, ...rows] = (await kubectl('get', 'pi', '-n', 'shop', '-o', 'wide')).trim().split('\n');
  expect(head?.split(/ {2,}/).slice(-2)).toEqual(['PACKAGE', 'CORRELATION']);
  expect(
    rows
      .find((row) => row.startsWith('web '))
      ?.split(/ {2,}/)
      .slice(-2),
  ).toEqual(['web-scaling-0123456789ab', 'INC-42']);
});

test('the kind answers to its names and its category', async () => {
  for (const name of ['pi', 'patchintent', 'patchintents', 'patchgen']) {
    expect(await kubectl('get', name, '-n', 'shop', '-o', 'name')).toContain('patchintent.patchgen.dev/web');
  }
});

test.each([
  ['spec.target=web', ['web']],
  ['spec.correlationId=INC-43', ['search-suspended']],
  ['spec.target=web,spec.correlationId!=INC-42', []],
])('a list can be narrowed by %s', async (selector, expected) => {
  const names = await kubectl(
    'get',
    'pi',
    '-n',
    'shop',
    '--field-selector',
    selector,
    '-o',
    'jsonpath={.items[*].metadata.name}',
  );
  expect(names.split(' ').filter(Boolean)).toEqual(expected);
});

test('a list by another field is refused', async () => {
  expect(await refusal(['get', 'pi', '-n', 'shop', '--field-selector', 'spec.replicas=5'])).toContain(
    'field label not supported',
  );
});

test('kubectl wait sees Ready', async () => {
  const answer = await kubectl('wait', '--for=condition=Ready', 'pi/web', '-n', 'shop', '--timeout=10s');
  expect(answer).toContain('patchintent.patchgen.dev/web condition met');
});

test('kubectl explain teaches every field of spec and status', async () => {
  const text = await kubectl('explain', 'pi', '--recursive');
  for (const field of [
    'intentType',
    'correlationId',
    'dryRun',
    'observedGeneration',
    'lastTransitionTime',
    'sizeBytes',
  ]) {
    expect(text).toContain(field);
  }
  const flat = async (path: string): Promise<string> => (await kubectl('explain', path)).replace(/\s+/g, ' ');
  expect(await flat('pi')).toContain('PatchIntent says what should change');
  expect(await flat('pi.spec')).toContain('a missing value is an error and never means 0');
  expect(await flat('pi.spec.targetKind')).toContain('`Deployment`, `StatefulSet`, `ReplicaSet`, or a custom kind');
  expect(await flat('pi.status.conditions')).toContain('Ready is the summary');
});

test('kustomize builds config/crd, and it is the CRDs as they come from the schema source', async () => {
  const others = crds().filter(({ metadata }) => metadata.name !== patchIntentCrd().metadata.name);
  for (const crd of others) {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    expect((await server.api.send('POST', path, crd)).status).toBe(201);
  }
  const folder = fileURLToPath(new URL('../../../config/crd', import.meta.url));
  const { stdout } = await server.plane.kubectl(['diff', '--server-side', '-k', folder], { allowFailure: true });
  expect(stdout).toBe('');
});
