import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { scaling } from '../../../src/changes/scaling/scaling.ts';
import { runCli } from '../../../src/cli/frame.ts';
import type { Package } from '../../../src/kpt/package.ts';
import { renderPackage } from '../../../src/kpt/render.ts';
import { recordedIo } from '../../support/io.ts';
import { resolvedSpec } from '../../support/specs.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { treeOf } from '../../support/tree.ts';

const CLI = new URL('../../../src/cli/main.ts', import.meta.url).pathname;

interface Run {
  readonly input?: string;
  readonly terminal?: boolean;
}

async function generate(args: readonly string[], { input = '', terminal = false }: Run = {}) {
  const io = recordedIo(input, terminal);
  const code = await runCli(['generate', ...args], io);
  return { code, out: io.out(), err: io.err() };
}

const wire = (target: string, replicas: unknown = 5): string =>
  JSON.stringify({ intent_type: 'scaling', target, namespace: 'shop', replicas });
const pkgOf = (target: string, replicas = 5): Package =>
  renderPackage(scaling.plan(resolvedSpec({ target, replicas })));

function fileWith(text: string, name = 'intent.yaml'): string {
  const path = join(tempFolder(), name);
  fs.writeFileSync(path, text);
  return path;
}

describe('generate', () => {
  test('writes the package that the operator would, from every form of the same intent', async () => {
    const pkg = pkgOf('web');
    const manifest = {
      apiVersion: 'patchgen.dev/v1alpha1',
      kind: 'PatchIntent',
      metadata: { name: 'any', namespace: 'shop', uid: 'u-1', generation: 7, annotations: { a: 'b' } },
      spec: { intentType: 'scaling', target: 'web', replicas: 5, reason: 'sale', source: 'me', correlationId: 'c' },
      status: { observedGeneration: 7, conditions: [] },
    };
    const forms = [
      wire('web'),
      'intent_type: scaling\ntarget: web\nnamespace: shop\nreplicas: 5\nreason: why\n',
      JSON.stringify(manifest),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [manifest] }),
    ];
    for (const input of forms) {
      const out = tempFolder();
      const result = await generate(['-', '--output', out], { input });
      expect(result).toEqual({ code: 0, out: `${out}/${pkg.name}   written   sha256:${pkg.digest}\n`, err: '' });
      expect(Object.keys(treeOf(out))).toEqual([pkg.name, ...pkg.files.map(({ path }) => `${pkg.name}/${path}`)]);
    }
  });

  test('reads many files and documents, writes the valid ones and reports every invalid one', async () => {
    const out = tempFolder();
    const one = fileWith(`${wire('a')}\n---\n${wire('b', 101)}\n---\n${wire('c')}\n`);
    const two = fileWith(wire('d', -1), 'd.json');
    const broken = fileWith('{"intent_type": ', 'broken.json');
    const result = await generate([one, two, broken, '/nowhere.yaml', '--output', out]);
    expect(result.code).toBe(1);
    expect(fs.readdirSync(out).toSorted()).toEqual([pkgOf('a').name, pkgOf('c').name]);
    for (const phrase of [
      'schema validation failed',
      'replicas out of range: 101',
      'replicas out of range: -1',
      'invalid JSON',
      'no such file: /nowhere.yaml',
      '2 done, 4 failed',
    ]) {
      expect(result.err).toContain(phrase);
    }
  });

  test('a second run changes nothing and says so', async () => {
    const out = tempFolder();
    const file = fileWith(wire('web'));
    await generate([file, '--output', out]);
    const before = treeOf(out);
    expect((await generate([file, '--output', out])).out).toContain('unchanged');
    expect(treeOf(out)).toEqual(before);
  });

  test('a folder that differs is kept, told of and left to --force', async () => {
    const out = tempFolder();
    const file = fileWith(wire('web'));
    await generate([file, '--output', out]);
    const intact = treeOf(out);
    fs.appendFileSync(join(out, pkgOf('web').name, 'README.md'), 'mine');
    const refused = await generate([file, '--output', out]);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('--force replaces it') });
    expect((await generate([file, '--output', out, '--force'])).out).toContain('replaced');
    expect(treeOf(out)).toEqual(intact);
  });

  test('what the plan refuses is told with its reason', async () => {
    const input = JSON.stringify({ ...JSON.parse(wire('web')), target_kind: 'DaemonSet' });
    const { code, err } = await generate(['-', '--output', tempFolder()], { input });
    expect(code).toBe(1);
    expect(err).toMatch(/UnsupportedTargetKind: .*Deployment, StatefulSet, ReplicaSet of apps\/v1/);
  });

  test('strict mode refuses an intent without a correlation id', async () => {
    const out = tempFolder();
    const { code, err } = await generate(['-', '--output', out, '--strict'], { input: wire('web') });
    expect(code).toBe(1);
    expect(err).toContain('correlation id is missing');
    expect(treeOf(out)).toEqual({});
  });

  test('a folder that does not exist is told in the words that scripts know, and made with --create', async () => {
    const out = join(tempFolder(), 'a/b');
    const missing = await generate(['-', '--output', out], { input: wire('web') });
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining(`output directory does not exist: ${out}`) });
    expect((await generate(['-', '--output', out, '--create'], { input: wire('web') })).code).toBe(0);
    expect(fs.readdirSync(out)).toEqual([pkgOf('web').name]);
  });

  test('a dry run writes nothing, needs no folder, and gives the files to programs', async () => {
    const before = fs.readdirSync('.');
    const text = await generate(['-', '--dry-run'], { input: wire('web') });
    expect(text.out).toBe(`${pkgOf('web').name}   rendered   sha256:${pkgOf('web').digest}\n`);
    const json = JSON.parse((await generate(['-', '--dry-run', '-o', 'json'], { input: wire('web') })).out);
    expect(json.packages[0].files).toEqual(pkgOf('web').files);
    expect(fs.readdirSync('.')).toEqual(before);
  });

  test('json and yaml say the same: packages, invalid documents with place and code, unreadable files', async () => {
    const args = [fileWith(`${wire('a')}\n---\n${wire('b', 101)}\n`), '/nowhere.yaml', '--output', tempFolder()];
    const first = await generate([...args, '-o', 'json']);
    const json = JSON.parse(first.out);
    expect(first).toMatchObject({ code: 1, err: '' });
    expect(json).toMatchObject({
      packages: [
        { line: 1, name: pkgOf('a').name, outcome: 'written', change: 'replicas → 5', digest: pkgOf('a').digest },
      ],
      invalid: [{ line: 3, findings: [{ code: 'out-of-range', pointer: '/replicas' }] }],
      errors: [{ file: '/nowhere.yaml' }],
    });
    const yaml = await generate([...args, '-o', 'yaml']);
    expect(load(yaml.out)).toEqual({ ...json, packages: [{ ...json.packages[0], outcome: 'unchanged' }] });
  });

  test('a terminal gets a progress bar on standard error, which is gone in the end; a pipe gets none', async () => {
    const input = Array.from({ length: 20 }, (_, i) => wire(`web-${i}`)).join('\n');
    const onTerminal = await generate(['-', '--output', tempFolder()], { input, terminal: true });
    expect(onTerminal.err).toContain('16/20');
    expect(onTerminal.err.endsWith('\r\u001b[K')).toBe(true);
    expect((await generate(['-', '--output', tempFolder()], { input })).err).toBe('');
  });

  test('without a place to write to it is wrong usage', async () => {
    expect(await generate(['-'], { input: wire('web') })).toMatchObject({
      code: 2,
      err: expect.stringContaining('--output <dir>'),
    });
  });
});

const asNobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';

/** Runs a shell line with the wire document of `web` as its standard input. */
const run = (command: string, env: Record<string, string> = {}, cwd = '/'): string =>
  execFileSync('sh', ['-c', command], {
    cwd,
    env: { PATH: process.env.PATH, NODE: process.execPath, CLI, ...env },
    input: wire('web'),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });

describe('generate as a process', () => {
  test('sets modes whatever the umask', () => {
    const out = tempFolder();
    run('umask 077 && "$NODE" "$CLI" generate - --output "$OUT" --create', { OUT: join(out, 'made') });
    expect(Object.values(treeOf(out)).map((entry) => entry.split(' ').slice(0, 2).join(' '))).toEqual([
      'folder 755',
      'folder 755',
      ...Array(5).fill('file 644'),
    ]);
  });

  test('PATCHGEN_OUTPUT_DIR is the folder itself', () => {
    const out = tempFolder();
    run('"$NODE" "$CLI" generate -', { PATCHGEN_OUTPUT_DIR: out });
    expect(fs.readdirSync(out)).toEqual([pkgOf('web').name]);
  });

  test('gives the same bytes in another locale, time zone and folder', () => {
    const trees = [
      { LC_ALL: 'C', TZ: 'UTC' },
      { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'Pacific/Chatham' },
    ].map((env) => {
      const out = tempFolder();
      run('"$NODE" "$CLI" generate - --output .', env, out);
      return treeOf(out);
    });
    expect(trees[0]).toEqual(trees[1]);
  });

  test('without the right to write it says permission denied and the path', () => {
    const out = tempFolder();
    const isRoot = process.getuid?.() === 0;
    fs.chmodSync(out, isRoot ? 0o755 : 0o555);
    const denied = () => run(`exec ${isRoot ? asNobody : ''} "$NODE" "$CLI" generate - --output "$OUT"`, { OUT: out });
    expect(denied).toThrow(new RegExp(`permission denied: ${out}`));
  });
});
