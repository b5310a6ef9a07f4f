import { expect, test } from 'vitest';
import { type LoadedIntent, type LoadOptions, loadIntents } from '../../../../src/api/wire/load.ts';

const MANIFEST = `apiVersion: patchgen.dev/v1alpha1
kind: PatchIntent
metadata:
  name: web-5
  namespace: shop
spec:
  intentType: scaling
  target: web
  replicas: 5
  correlationId: INC-42
`;
const WIRE = 'intent_type: scaling\ntarget: web\nnamespace: shop\nreplicas: 5\n';

function load(text: string, options: Partial<LoadOptions> = {}): readonly LoadedIntent[] {
  return loadIntents(text, { name: 'intent.yaml', ...options });
}

/** `line:column code pointer` of the findings. */
function told(text: string, options?: Partial<LoadOptions>): readonly string[] {
  return load(text, options).flatMap((intent) =>
    (intent.valid ? intent.warnings : intent.findings).map(
      ({ line, column, code, pointer }) => `${line}:${column} ${code} ${pointer}`,
    ),
  );
}

test('a manifest is loaded with name, namespace and what the server put into its metadata', () => {
  const stored = MANIFEST.replace('  name:', '  uid: u-1\n  generation: 3\n  resourceVersion: "7"\n  name:');
  expect(load(`${stored}status: {anything: [1]}\n`)).toMatchObject([
    { valid: true, form: 'resource', name: 'web-5', namespace: 'shop', uid: 'u-1', generation: 3, warnings: [] },
  ]);
});

test('a wire document is loaded with defaults filled in', () => {
  const [intent] = load(WIRE);
  expect(intent).toMatchObject({ valid: true, form: 'wire', namespace: 'shop', line: 1, source: 'intent.yaml' });
  expect(intent).toMatchObject({
    spec: { targetKind: 'Deployment', targetApiVersion: 'apps/v1', suspend: false, dryRun: false },
  });
});

test('a manifest without a namespace gets the default one, as kubectl fills it in', () => {
  const text = MANIFEST.replace('  namespace: shop\n', '');
  expect(load(text)).toMatchObject([{ namespace: 'default', spec: { namespace: 'default' } }]);
  expect(load(text, { namespace: 'own' })).toMatchObject([{ namespace: 'own', spec: { namespace: 'own' } }]);
});

test('a target namespace of another name stays, and the intent keeps its own', () => {
  const text = MANIFEST.replace('  target: web', '  target: web\n  namespace: other');
  expect(load(text)).toMatchObject([{ namespace: 'shop', spec: { namespace: 'other' } }]);
});

test.each<[string, string, string, readonly string[]]>([
  ['the value', '  replicas: 5', '  replicas: 101', ['9:13 out-of-range /spec/replicas']],
  ['the key of what misses something', '  replicas: 5\n', '', ['6:1 required /spec/replicas']],
  ['the key that nobody knows', '  replicas: 5', '  replicas: 5\n  replica: 5', ['10:3 unknown-field /spec/replica']],
  ['the key that nobody knows at the top', 'spec:', 'specs: {}\nspec:', ['6:1 unknown-field /specs']],
  [
    'the key that nobody knows in the metadata',
    '  name:',
    '  label: {}\n  name:',
    ['4:3 unknown-field /metadata/label'],
  ],
  ['the name', 'web-5', '../x', ['4:9 path-traversal /metadata/name']],
  ['the long name', 'web-5', 'a'.repeat(201), ['4:9 too-long /metadata/name']],
  ['the name in capitals', 'web-5', 'Web', ['4:9 pattern-mismatch /metadata/name']],
  ['the namespace', 'namespace: shop', 'namespace: a/b', ['5:14 path-traversal /metadata/namespace']],
  ['the metadata without a name', '  name: web-5\n', '', ['3:1 required /metadata/name']],
  ['another kind', 'PatchIntent', 'Deployment', ['2:7 not-an-intent /kind']],
  ['another version', 'v1alpha1', 'v2', ['1:13 not-an-intent /apiVersion']],
  [
    'the target',
    'target: web',
    'target: a..b',
    ['8:11 pattern-mismatch /spec/target', '8:11 path-traversal /spec/target'],
  ],
])('a finding stands at %s', (_, from, to, expected) => {
  expect(told(MANIFEST.replace(from, to))).toEqual(expected);
});

test('the place of each finding is the same in JSON', () => {
  expect(told('{"intent_type":"scaling",\n"target":"Web","namespace":"shop",\n"replicas": 101}')).toEqual([
    '2:10 pattern-mismatch /target',
    '3:13 out-of-range /replicas',
  ]);
});

test('a manifest of generateName and one with neither spec nor metadata are judged as the server judges them', () => {
  expect(told(MANIFEST.replace('name: web-5', 'generateName: web-'))).toEqual([]);
  expect(told('kind: PatchIntent\napiVersion: patchgen.dev/v1alpha1\n')).toEqual([
    '1:1 required /metadata',
    '1:1 wrong-type /spec',
  ]);
});

test('a warning lets a document pass, and strict mode makes it a finding', () => {
  expect(load(WIRE)).toMatchObject([{ valid: true }]);
  expect(told(WIRE)).toEqual(['1:1 warning ']);
  expect(load(WIRE, { strict: true })).toMatchObject([{ valid: false, read: true }]);
  expect(told(WIRE, { strict: true })).toEqual(['1:1 strict-mode ']);
  expect(told(MANIFEST, { strict: true })).toEqual([]);
  expect(told(MANIFEST.replace('  correlationId: INC-42\n', ''))).toEqual(['6:1 warning /spec']);
});

test('documents of both forms and unreadable ones stand side by side', () => {
  const intents = load(`${WIRE}---\n${MANIFEST}---\na: *x\n---\n${WIRE.replace('5', '-1')}`);
  expect(intents.map(({ valid, line, name }) => [valid, line, name])).toEqual([
    [true, 1, undefined],
    [true, 6, 'web-5'],
    [false, 17, undefined],
    [false, 19, undefined],
  ]);
});

test('a later finding about a field gets its place by the name that the field has in the document', () => {
  const finding = { code: 'x', message: 'x' };
  const places = load(`${WIRE}target_kind: Job\n---\n${MANIFEST}  targetKind: Job\n`).map((intent) =>
    intent.valid ? intent.placeOf('targetKind', finding) : undefined,
  );
  expect(places).toMatchObject([
    { pointer: '/target_kind', line: 5, column: 14 },
    { pointer: '/spec/targetKind', line: 17, column: 15 },
  ]);
});

test('what kubectl prints as a list is one intent per item', () => {
  const item = {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata: { name: 'a' },
    spec: { intentType: 'scaling', target: 'web', replicas: 3 },
  };
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    metadata: { resourceVersion: '' },
    items: [item, { ...item, spec: {} }],
  };
  expect(load(JSON.stringify(list), { name: 'stdin' }).map(({ valid, name }) => [valid, name])).toEqual([
    [true, 'a'],
    [false, 'a'],
  ]);
});
