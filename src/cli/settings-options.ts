import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import {
  type Environment,
  environment,
  loadSettings,
  rowOf,
  SETTING_NAMES,
  type Setting,
  type SettingName,
  type Settings,
  variableOf,
} from '../config.ts';

/** Gives a command the flags of these settings (default: all), grouped and explained, and `--config`. */
export function addSettings(command: Command, names: readonly SettingName[] = SETTING_NAMES): Command {
  for (const name of names) command.addOption(optionOf(rowOf(name)));
  const config = new Option('--config <file>', 'YAML file of settings, by camel-cased flag name (env PATCHGEN_CONFIG)');
  return command.addOption(config.helpGroup('Other:'));
}

/** The settings of a command that was given them by `addSettings`. Throws `SettingError`. */
export function settingsOf<K extends SettingName>(
  command: Command,
  names: readonly K[],
  env: Environment = environment(),
): Pick<Settings, K> {
  return loadSettings(command.opts(), env, (path) => readFileSync(path, 'utf8'), names);
}

function optionOf(row: Setting<unknown>): Option {
  const option = new Option(`--${row.flag} ${row.kind.placeholder}`, helpOf(row)).helpGroup(`${row.group}:`);
  if (row.kind.placeholder === '<a,b>') return option.argParser(joined);
  return option;
}

/**
 * `--debug` becomes `--debug=true` and `--no-debug` `--debug=false`, so that a switch never takes the word after it, which
 * may be a file, for its value.
 */
export function spellOutSwitches(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return args.map((arg, i) => {
    const [, no, name] = /^--(no-)?([a-z-]+)$/.exec(arg) ?? [];
    if ((end !== -1 && i > end) || name === undefined || !SWITCHES.has(name)) return arg;
    return `--${name}=${no === undefined}`;
  });
}

const SWITCHES = new Set(
  SETTING_NAMES.map(rowOf)
    .filter(({ kind }) => kind.placeholder === '[true|false]')
    .map(({ flag }) => flag),
);

/** A list flag that is given twice means both lists. */
const joined = (text: string, before: unknown): string => (typeof before === 'string' ? `${before},${text}` : text);

function helpOf(row: Setting<unknown>): string {
  const fallback = row.absent ?? row.default;
  return `${row.help} (default ${fallback}; env ${variableOf(row.flag)})`;
}
