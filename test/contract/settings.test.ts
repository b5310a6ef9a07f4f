import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addSettings, spellOutSwitches } from '../../src/cli/settings-options.ts';
import { fileKeyOf, rowOf, SETTING_NAMES, type SettingName, variableOf } from '../../src/config.ts';

/** The help text of one option, folded into one line. */
function helpOf(name: SettingName): string {
  const { flag } = rowOf(name);
  const command = addSettings(new Command('run')).configureHelp({ helpWidth: 10_000 });
  return (
    command
      .helpInformation()
      .split('\n')
      .find((line) => line.trim().startsWith(`--${flag} `)) ?? ''
  );
}

// The contract of every setting: docs, chart and users rely on it.
test.each(SETTING_NAMES)('%s is explained by help, with its default and its variable', (name) => {
  const { flag, help, kind } = rowOf(name);
  const text = helpOf(name);
  expect(help.length, 'a sentence, not a word').toBeGreaterThan(15);
  expect(help).toMatch(/^[a-z].*[^.]$/);
  expect(text).toContain(help);
  expect(text).toContain(`env ${variableOf(flag)}`);
  expect(text).toMatch(/default [^;)]+/);
  expect(kind.allowed).not.toBe('');
});

test.each(SETTING_NAMES)('%s can be set as a flag, and the value arrives under its camel-cased name', (name) => {
  const { flag, default: text = 'x' } = rowOf(name);
  const value = text === '' ? 'shop' : text;
  const command = addSettings(new Command('run')).exitOverride();
  command.parse([`--${flag}=${value}`], { from: 'user' });
  expect(command.opts()[fileKeyOf(flag)]).toBe(value);
});

test('a list flag that is given twice adds up', () => {
  const command = addSettings(new Command('run')).exitOverride();
  command.parse(['--watch-namespaces', 'a', '--watch-namespaces', 'b,c'], { from: 'user' });
  expect(command.opts()).toEqual({ watchNamespaces: 'a,b,c' });
});

test('a switch may stand alone, never takes the next word, and can be turned off in two ways', () => {
  const parse = (...args: readonly string[]) => {
    const command = addSettings(new Command('validate').argument('<file...>')).exitOverride();
    command.parse([...spellOutSwitches(args)], { from: 'user' });
    return { ...command.opts(), files: command.args };
  };
  expect(parse('--strict-mode', 'intent.yaml')).toEqual({ strictMode: 'true', files: ['intent.yaml'] });
  expect(parse('a', '--no-leader-elect', '--debug=false')).toEqual({
    leaderElect: 'false',
    debug: 'false',
    files: ['a'],
  });
  expect(parse('--', '--debug')).toEqual({ files: ['--debug'] });
});
