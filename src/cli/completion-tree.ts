import type { Command, Option } from 'commander';

/** What may stand as a value: one of some words, a file, a directory, or something that cannot be completed. */
export type Values = readonly string[] | 'file' | 'directory' | 'none';

export interface CompletionFlag {
  /** As typed: `-o`, `--output`. */
  readonly names: readonly string[];
  readonly summary: string;
  /** Undefined where the flag takes no value, or may stand without one. */
  readonly values: Values | undefined;
}

export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletionFlag[];
  readonly argument: Values;
  /** What may stand behind a subcommand, where `argument` is one. */
  readonly below?: Values;
}

/** What a shell must know of the command tree, as plain data. */
export function completionTree(program: Command): readonly CompletionCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.summary() || command.description(),
    flags: [...optionsOf(command).map(flagOf), HELP],
    ...argumentsOf(command),
  }));
}

/** Of a command with subcommands all that any of them has. */
function optionsOf(command: Command): readonly Option[] {
  return [command, ...command.commands].flatMap(({ options }) => options.filter(({ hidden }) => !hidden));
}

const HELP: CompletionFlag = { names: ['-h', '--help'], summary: 'explain the command', values: undefined };

function flagOf(option: Option): CompletionFlag {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  const summary = option.description.replace(/ \(default .*$/, '');
  return { names, summary, values: option.required ? valuesOf(option.flags, option.argChoices) : undefined };
}

function argumentsOf(command: Command): Pick<CompletionCommand, 'argument' | 'below'> {
  const [child] = command.commands;
  if (child === undefined) return { argument: argumentOf(command) };
  return { argument: command.commands.map((one) => one.name()), below: argumentOf(child) };
}

function argumentOf(command: Command): Values {
  const [first] = command.registeredArguments;
  return first === undefined ? 'none' : valuesOf(first.name(), first.argChoices);
}

/** By the words of the placeholder: `<file>`, `<path>` and `[FILE...]` are files, `<dir>` is a directory. */
function valuesOf(placeholder: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return choices;
  const words = placeholder.toLowerCase();
  if (/\bdir(ectory)?\b/.test(words) || words.startsWith('--output-dir')) return 'directory';
  return /\b(files?|path)\b/.test(words) ? 'file' : 'none';
}
