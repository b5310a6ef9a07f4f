import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { carryOut } from '../../../../tools/kind/carry-out.ts';
import { planFor, type Step } from '../../../../tools/kind/plan.ts';
import { missing } from '../../../../tools/kind/requirements.ts';
import { eventually } from '../../../support/eventually.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const NAMES = ['docker', 'kind', 'kubectl', 'helm'] as const;
const PLAN = planFor({ cluster: 'c', kubeconfig: '/k', ref: 'localhost/patchgen:1' });

/** Programs that note how they were called; `body` by name is what they do then. */
function fakes(body: Partial<Record<Step['program'], string>> = {}) {
  const folder = tempFolder();
  const log = join(folder, 'log');
  writeFileSync(log, '');
  mkdirSync(join(folder, 'bin'));
  for (const name of NAMES) {
    const text = `#!/bin/sh\necho "${name} $*" >> '${log}'\n${body[name] ?? ''}\n`;
    writeFileSync(join(folder, 'bin', name), text, { mode: 0o755 });
  }
  const path = (name: string): string => join(folder, 'bin', name);
  const programs = { docker: path('docker'), kind: path('kind'), kubectl: path('kubectl'), helm: path('helm') };
  const calls = (): string[] => readFileSync(log, 'utf8').split('\n').filter(Boolean);
  return { folder, programs, calls, env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` } };
}

async function carry(
  body: Partial<Record<Step['program'], string>>,
  signal = new AbortController().signal,
  keep = false,
) {
  const { programs, calls, folder } = fakes(body);
  const said: string[] = [];
  const worked = await carryOut(PLAN, { programs, cwd: folder, signal, keep, say: (text) => void said.push(text) });
  return { worked, calls: calls(), said: said.join('\n') };
}

const asCalls = (steps: readonly Step[]): string[] => steps.map(({ program, args }) => `${program} ${args.join(' ')}`);

test('every step is carried out in its order, and the cluster is deleted at the end', async () => {
  const { worked, calls } = await carry({});
  expect(worked).toBe(true);
  expect(calls).toEqual(asCalls([...PLAN.steps, PLAN.removal]));
});

test('a step that fails is the last one: the reason is looked for, and the cluster is deleted', async () => {
  const { worked, calls } = await carry({ helm: 'exit 1' });
  expect(worked).toBe(false);
  const failed = PLAN.steps.findIndex(({ program }) => program === 'helm');
  expect(calls).toEqual(asCalls([...PLAN.steps.slice(0, failed + 1), ...PLAN.diagnosis, PLAN.removal]));
});

test('a stop in the middle of a step ends it and deletes the cluster, and nothing else', async () => {
  const stop = new AbortController();
  const { programs, calls, folder } = fakes({ helm: 'sleep 60' });
  const end = carryOut(PLAN, { programs, cwd: folder, signal: stop.signal, say: () => {} });
  await eventually('helm runs', () => calls().some((call) => call.startsWith('helm')));
  stop.abort();
  expect(await end).toBe(false);
  expect(calls().at(-1)).toBe(asCalls([PLAN.removal])[0]);
  expect(calls().filter((call) => call.startsWith('kubectl'))).toEqual([]);
});

test('a cluster that could not be deleted is a failure; one that shall stay is not touched', async () => {
  expect((await carry({ kind: 'case "$1" in delete) exit 1; esac' })).worked).toBe(false);
  const kept = await carry({}, undefined, true);
  expect(kept.calls.filter((call) => call.startsWith('kind delete'))).toEqual([]);
  expect(kept.said).toContain('kind delete cluster');
});

test('only the cluster of this run is used: its own kubeconfig everywhere, its name for kind', () => {
  const own = { docker: '', kind: '--name c', kubectl: '--kubeconfig /k', helm: '--kubeconfig /k' };
  const steps = [...PLAN.steps, ...PLAN.diagnosis, PLAN.removal];
  expect(steps.filter(({ program, args }) => !args.join(' ').includes(own[program]))).toEqual([]);
});

test('what the plan names is there', () => {
  for (const path of [
    'charts/patchgen/Chart.yaml',
    'config/samples/web.yaml',
    'config/samples/orders-db.yaml',
    'Dockerfile',
  ])
    expect(existsSync(join(ROOT, path)), path).toBe(true);
});

test.each([
  ['all is there', {}, []],
  [
    'the engine does not run',
    { docker: 'echo "Cannot connect to the Docker daemon" >&2; exit 1' },
    [/engine does not answer.*Cannot connect/],
  ],
  ['kind is broken', { kind: 'exit 3' }, [/kind is installed, but does not run/]],
] as const)('it is found out what is missing: %s', (_name, body, sentences) => {
  expect(missing(fakes(body).env)).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
});

test('without Docker the command says so, names the other way, and fails', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--no-warnings', 'tools/kind/main.ts'], {
    cwd: ROOT,
    env: { PATH: tempFolder() },
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('Docker is not installed');
  expect(stderr).toContain('kind is not installed');
  expect(stderr).toContain('npm run e2e');
});

test('--help explains, and needs nothing', () => {
  const said = execFileSync(process.execPath, ['--no-warnings', 'tools/kind/main.ts', '--help'], {
    cwd: ROOT,
    env: { PATH: tempFolder() },
    encoding: 'utf8',
  });
  expect(said).toContain('--keep');
});
