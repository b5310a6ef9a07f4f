import type { Command, Option } from 'commander';
import { COMMANDS } from '../../src/cli/commands.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import { buildProgram } from '../../src/cli/frame.ts';
import type { Io } from '../../src/cli/io.ts';
import { fileKeyOf, GROUPS, rowOf, SETTING_NAMES, variableOf } from '../../src/config.ts';

const SETTING_OF = new Map(SETTING_NAMES.map((name) => [`--${rowOf(name).flag}`, rowOf(name)]));
const SHARED = new Set(['--config']);

/** The parts of docs/cli.md that are made from the sources, by the name of their markers. */
export async function cliReference(): Promise<Readonly<Record<'commands' | 'settings' | 'exit-codes', string>>> {
  const program = await buildProgram(silentIo(), COMMANDS, () => true);
  const commands = COMMANDS.map(({ name }) => program.commands.find((command) => command.name() === name));
  return {
    commands: commands.flatMap((command) => (command === undefined ? [] : sections(command, 'patchgen'))).join('\n\n'),
    settings: GROUPS.map(settingsTable).join('\n\n'),
    'exit-codes': table(
      ['code', 'meaning'],
      EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
    ),
  };
}

/** One for the command, or one for each of its subcommands. */
function sections(command: Command, path: string): readonly string[] {
  const name = `${path} ${command.name()}`;
  if (command.commands.length === 0) return [section(command, name)];
  return command.commands.flatMap((child) => (child.name() === 'help' ? [] : sections(child, name)));
}

function section(command: Command, name: string): string {
  const own = command.options.filter(({ long }) => !SETTING_OF.has(long ?? '') && !SHARED.has(long ?? ''));
  const taken = command.options.filter(({ long }) => SETTING_OF.has(long ?? ''));
  const parts = [
    `### ${name}`,
    paragraph(command.description()),
    `\`\`\`text\n${name} ${command.usage()}\n\`\`\``,
    ...(own.length === 0 ? [] : [table(['option', 'meaning'], own.map(optionRow))]),
    ...(taken.length === 0 ? [] : [`Settings: ${settingList(taken)}.`]),
  ];
  return parts.join('\n\n');
}

// Markdown would take <dir> for a tag.
const paragraph = (description: string): string =>
  (description.split('\n\n')[0] ?? '').replaceAll('\n', ' ').replaceAll('<', '\\<');

const settingList = (options: readonly Option[]): string =>
  options.length === SETTING_NAMES.length ? 'all of them' : options.map(({ long }) => `\`${long}\``).join(', ');

function optionRow({ flags, description, argChoices, defaultValue }: Option): readonly string[] {
  const choices = argChoices === undefined ? '' : ` (${argChoices.join(', ')})`;
  const fallback = typeof defaultValue === 'string' ? `; default \`${defaultValue}\`` : '';
  return [`\`${flags}\``, `${description}${choices}${fallback}`];
}

function settingsTable(group: (typeof GROUPS)[number]): string {
  const rows = SETTING_NAMES.map(rowOf).filter((row) => row.group === group);
  const head = ['flag', 'variable', 'key in a file', 'default', 'meaning'];
  const cells = rows.map((row) => {
    const fallback = row.absent ?? `\`${row.default}\``;
    return [`\`--${row.flag}\``, `\`${variableOf(row.flag)}\``, `\`${fileKeyOf(row.flag)}\``, fallback, row.help];
  });
  return `### ${group}\n\n${table(head, cells)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** The commands are built to be read, not run. */
function silentIo(): Io {
  const sink = { write: () => true };
  return { stdout: sink, stderr: sink, stdin: (async function* () {})(), color: false };
}
