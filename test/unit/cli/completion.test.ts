import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { rowOf, SETTING_NAMES } from '../../../src/config.ts';
import { recordedIo } from '../../support/io.ts';

const scripts = new Map<string, string>();
const folder = mkdtempSync(join(tmpdir(), 'patchgen-completion-'));

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const io = recordedIo();
    expect(await runCli(['completion', shell], io), io.err()).toBe(0);
    scripts.set(shell, io.out());
  }
  mkdirSync(join(folder, 'dir'));
  writeFileSync(join(folder, 'intent.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a real bash offers for these words; the last one is where the cursor stands. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `${scripts.get('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _patchgen 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const ran = spawnSync('bash', ['--norc', '-c', script, 'bash', 'patchgen', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  return ran.stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  test('offers every command, and those that begin as typed', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(offered('')).toEqual(expect.arrayContaining([...names, 'help', '--version']));
    expect(offered('ver')).toEqual(['verify']);
    expect(offered('help', 'st')).toEqual(['status']);
  });

  test('offers every setting of run as a flag', () => {
    expect(offered('run', '--')).toEqual(expect.arrayContaining(SETTING_NAMES.map((name) => `--${rowOf(name).flag}`)));
  });

  test('offers the flags of the command that was typed, wherever the cursor is', () => {
    expect(offered('status', 'web', '--all')).toEqual(['--all-namespaces']);
    expect(offered('--no-color', 'status', '--all')).toEqual(['--all-namespaces']);
  });

  test.each([[['status', '-o', '']], [['status', '--output', '']], [['status', '--output', '=', '']]])(
    'offers the words that a value may be: %j',
    (words) => {
      expect(offered(...words)).toEqual(['text', 'json', 'yaml']);
    },
  );

  test('offers files where a file is meant, and directories where one is', () => {
    expect(offered('validate', 'in')).toEqual(['intent.yaml']);
    expect(offered('run', '--config', 'in')).toEqual(['intent.yaml']);
    expect(offered('verify', '')).toEqual(['dir']);
  });

  test('offers the subcommands of a command, and behind one its flags and files', () => {
    expect(offered('policy', '')).toEqual(['test']);
    expect(offered('policy', 'test', 'in')).toEqual(['intent.yaml']);
    expect(offered('policy', 'test', '--namespace-l')).toEqual(['--namespace-labels']);
    expect(offered('policy', 'test', '--policy', 'in')).toEqual(['intent.yaml']);
  });

  test('offers nothing where it cannot know', () => {
    expect(offered('run', '--leader-election-id', '')).toEqual([]);
    expect(offered('nonsense', '')).toEqual([]);
  });
});

describe.each(['zsh', 'fish'])('%s', (shell) => {
  test('the script names every command and every setting', () => {
    const script = scripts.get(shell) ?? '';
    for (const { name } of COMMANDS) expect(script).toContain(name);
    for (const name of SETTING_NAMES) expect(script).toContain(rowOf(name).flag);
  });
});

test('every shell that is here can read its script', () => {
  const here = [...scripts.keys()].filter((shell) => spawnSync(shell, ['--version']).status === 0);
  expect(here).toContain('bash');
  for (const shell of here) {
    const ran = spawnSync(shell, ['-n'], { input: scripts.get(shell), encoding: 'utf8' });
    expect([shell, ran.status, ran.stderr]).toEqual([shell, 0, '']);
  }
});

test('another shell is wrong usage', async () => {
  const io = recordedIo();
  expect(await runCli(['completion', 'cmd'], io)).toBe(2);
  expect(io.err()).toContain('bash, zsh, fish');
});
