import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../../src/cli/frame.ts';
import { VERSION } from '../../src/cli/version.ts';
import { bundle, THIRD_PARTY } from '../../tools/build/bundle.ts';
import { recordedIo } from '../support/io.ts';
import { operatorWorld } from '../support/operator-world.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { treeOf } from '../support/tree.ts';

// The bundle lies outside the checkout, so nothing of the sources or node_modules can help it out.
let folder: string;
let program: string;
let asBuilt: readonly string[];
beforeAll(async () => {
  folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'patchgen-bundle-'));
  program = await bundle(join(folder, 'dist'));
  asBuilt = entriesWithTimes();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const SPEC = { intentType: 'scaling', target: 'web', replicas: 3 };
const INTENT = JSON.stringify({
  apiVersion: 'patchgen.dev/v1alpha1',
  kind: 'PatchIntent',
  metadata: { name: 'web', namespace: 'shop' },
  spec: SPEC,
});

const entriesWithTimes = (): string[] =>
  fs
    .readdirSync(dirname(program))
    .map(
      (name) => `${name} ${fs.statSync(join(dirname(program), name)).mtimeMs} ${fs.statSync(dirname(program)).mtimeMs}`,
    );

/** Prints where standard output is written from. */
const THROW_ON_WRITE = `
  const write = process.stdout.write;
  process.stdout.write = function (...args) { console.error(new Error('here').stack); return write.apply(this, args); };
`;

function bundled(args: readonly string[], input = ''): string {
  return execFileSync(process.execPath, [program, ...args], { cwd: folder, input, encoding: 'utf8' });
}

async function fromSource(args: readonly string[], input = ''): Promise<string> {
  const io = recordedIo(input);
  expect(await runCli(args, io)).toBe(0);
  return io.out();
}

test('the bundle is one file of code, with its source map and the licences of what it holds', () => {
  const files = fs.readdirSync(dirname(program)).toSorted();
  expect(files).toEqual(['LICENSE', THIRD_PARTY, 'patchgen.mjs', 'patchgen.mjs.map']);
  const licences = fs.readFileSync(join(dirname(program), THIRD_PARTY), 'utf8');
  for (const name of [
    '@kubernetes/client-node',
    'undici',
    'js-yaml',
    'yaml',
    'commander',
    'pino',
    'prom-client',
    'typebox',
  ])
    expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
});

test('the source map names sources from the root of the project, and nothing of this machine', () => {
  const { sources } = JSON.parse(fs.readFileSync(`${program}.map`, 'utf8')) as { sources: readonly string[] };
  expect(sources).toContain('../src/cli/main.ts');
  expect(sources.filter((path) => !/^(\.\.\/(src|node_modules)\/|\.\.\/package\.json$|builtin:)/.test(path))).toEqual(
    [],
  );
});

test('the bundle is plain ASCII: V8 keeps its text in one byte per character', () => {
  expect(fs.readFileSync(program).findIndex((byte) => byte > 0x7f)).toBe(-1);
});

test('the bundle loads modules of Node.js when they are needed: --version loads no TLS and no HTTP', () => {
  const report = `process.on('exit', () => console.log(process.moduleLoadList.join('\\n')))`;
  const preload = `data:text/javascript,${encodeURIComponent(report)}`;
  const loaded = execFileSync(process.execPath, ['--import', preload, program, '--version'], { encoding: 'utf8' });
  expect(loaded).toContain('NativeModule path');
  expect(loaded).not.toMatch(/NativeModule (https?|_tls_wrap|crypto)$/m);
});

test('with --enable-source-maps a stack trace names the source file and its line', () => {
  const args = ['--enable-source-maps', '--stack-trace-limit=50', program, 'validate', '-'];
  const preload = `data:text/javascript,${encodeURIComponent(THROW_ON_WRITE)}`;
  const { stderr } = spawnSync(process.execPath, ['--import', preload, ...args], { input: INTENT, encoding: 'utf8' });
  expect(stderr).toMatch(/src\/cli\/validate\.ts:\d+:\d+/);
  expect(stderr).not.toContain('patchgen.mjs:');
});

test('the bundle names the version of the package', () => {
  expect(bundled(['--version'])).toBe(`${VERSION}\n`);
});

test.each([[['crd']], [['--help']], [['completion', 'bash']]])(
  'the bundle says the same as the sources: %j',
  async (args) => {
    expect(bundled(args)).toBe(await fromSource(args));
  },
);

test('the bundle generates the same packages as the sources, and verifies them', async () => {
  const [here, there] = [tempFolder(), tempFolder()];
  bundled(['generate', '-', '--output', here], INTENT);
  await fromSource(['generate', '-', '--output', there], INTENT);
  expect(treeOf(here)).toEqual(treeOf(there));
  expect(treeOf(here)).not.toEqual([]);
  expect(bundled(['verify', here])).toContain('1 checked, 0 altered');
});

test('the bundle runs as operator: its thread passes the self-test and publishes, and it ends with 0', async () => {
  const world = await operatorWorld();
  try {
    const operator = await world.start({ program });
    expect(operator.log.map(({ msg }) => msg)).toContain('self-test passed: a probe package was published and removed');
    await world.namespace('shop');
    await world.apply('shop/web', SPEC);
    const { status } = await world.ready('shop/web');
    expect(fs.readdirSync(join(world.packages, 'shop/web'))).toHaveLength(status?.package?.fileCount ?? 0);
    expect(await operator.stop()).toBe(0);
  } finally {
    await world.stop();
  }
});

test('nothing was written beside the bundle by all of this: it runs from where it may only be read', () => {
  expect(fs.readdirSync(folder)).toEqual(['dist']);
  expect(entriesWithTimes()).toEqual(asBuilt);
});
