import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../../../src/api/errors.ts';
import type { CommandEntry } from '../../../src/cli/commands.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { Exit, UsageError } from '../../../src/cli/io.ts';
import { SettingError } from '../../../src/config.ts';
import { recordedIo } from '../../support/io.ts';

function entry(name: string, action: () => unknown, loaded: string[] = []): CommandEntry {
  return {
    name,
    summary: `summary of ${name}`,
    group: 'Group:',
    load: async () => {
      loaded.push(name);
      return () =>
        new Command(name)
          .description(`description of ${name}`)
          .option('-o, --output <format>')
          .action(async () => void (await action()));
    },
  };
}

const run = async (args: readonly string[], ...commands: CommandEntry[]) => {
  const io = recordedIo();
  const code = await runCli(args, io, commands);
  return { code, out: io.out(), err: io.err() };
};

describe('exit codes', () => {
  test.each([
    ['a command that resolves', () => {}, 0, ''],
    [
      'Exit',
      () => {
        throw new Exit(64);
      },
      64,
      '',
    ],
    [
      'UsageError',
      () => {
        throw new UsageError('wrong file');
      },
      2,
      'error: wrong file\n',
    ],
    [
      'SettingError',
      () => {
        throw new SettingError('--workers: must be a number');
      },
      2,
      'error: --workers: must be a number\n',
    ],
    [
      'Failure',
      () => {
        throw new Rejected('InvalidSpec', 'no target');
      },
      1,
      'error: InvalidSpec: no target\n',
    ],
    [
      'any error',
      () => {
        throw new Error('boom', { cause: new Error('why') });
      },
      1,
      'error: boom: why\n',
    ],
    [
      'a thrown text',
      () => {
        throw 'text'; // oxlint-disable-line typescript/only-throw-error -- what a foreign library may do
      },
      1,
      'error: text\n',
    ],
    [
      'an error that would forge a line',
      () => {
        throw new Error('a\n\u001b[31mb');
      },
      1,
      'error: a\\n\\u001b[31mb\n',
    ],
  ] as const)('%s', async (_, action, code, err) => {
    expect(await run(['it'], entry('it', action))).toEqual({ code, out: '', err });
  });

  test.each([
    [['nope'], "error: unknown command 'nope'"],
    [['it', '--nope'], "error: unknown option '--nope'"],
    [['it', 'extra'], 'error: too many arguments'],
    [['it', '-o'], "error: option '-o, --output <format>' argument missing"],
  ])('%j is wrong usage: 2, one clear line, and where to look', async (args, message) => {
    const { code, out, err } = await run(
      args,
      entry('it', () => {}),
    );
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).toMatch(/\(patchgen (it )?--help explains\)\n$/);
  });

  test('no command at all is wrong usage and shows the help', async () => {
    const { code, err } = await run(
      [],
      entry('it', () => {}),
    );
    expect(code).toBe(2);
    expect(err).toContain('summary of it');
  });

  test('a mistyped command gets a suggestion', async () => {
    expect(
      (
        await run(
          ['validat'],
          entry('validate', () => {}),
        )
      ).err,
    ).toContain('Did you mean validate?');
  });
});

describe('help', () => {
  test('is printed on standard output, with every command, the exit codes, and 0', async () => {
    const { code, out, err } = await run(
      ['--help'],
      entry('one', () => {}),
      entry('two', () => {}),
    );
    expect([code, err]).toEqual([0, '']);
    for (const text of ['summary of one', 'summary of two', 'Exit codes:', '64']) expect(out).toContain(text);
  });

  test.each([[['help', 'one']], [['one', '--help']], [['one', '-h']]])('%j explains one command', async (args) => {
    const { code, out } = await run(
      args,
      entry('one', () => {}),
      entry('two', () => {}),
    );
    expect(code).toBe(0);
    expect(out).toContain('description of one');
  });

  test('the version is that of package.json', async () => {
    const { default: packageFile } = await import('../../../package.json', { with: { type: 'json' } });
    expect((await run(['--version'])).out).toBe(`${packageFile.version}\n`);
  });
});

test('only the module of the command that was asked for is loaded', async () => {
  const loaded: string[] = [];
  const commands = ['one', 'two', 'three'].map((name) => entry(name, () => {}, loaded));
  await run(['--help'], ...commands);
  expect(loaded).toEqual([]);
  await run(['--no-color', 'two'], ...commands);
  expect(loaded).toEqual(['two']);
});
