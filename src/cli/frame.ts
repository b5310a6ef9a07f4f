import { Command, CommanderError } from 'commander';
import { Failure } from '../api/errors.ts';
import { SettingError } from '../config.ts';
import { printable } from '../platform/escape.ts';
import { COMMANDS, type CommandEntry } from './commands.ts';
import { errorWords } from './error-words.ts';
import { ExitCode, exitCodeHelp } from './exit-codes.ts';
import { Exit, type Io } from './io.ts';
import { spellOutSwitches } from './settings-options.ts';
import { VERSION } from './version.ts';

const DESCRIPTION = `Turns declared changes (PatchIntents) into reviewable, reproducible patch packages.

Run it as a Kubernetes operator (patchgen run), or use the same core on files (patchgen validate, patchgen generate).`;

const EPILOGUE = `
Examples:
  $ patchgen validate intent.yaml                        check an intent, with all findings at once
  $ patchgen generate intent.yaml --output out --create  write its package without a cluster
  $ patchgen plan intent.yaml                            what would come of it in the cluster now
  $ patchgen approve web -n shop                         agree to the plan of an intent that awaits approval
  $ patchgen status web -n shop                          why is this intent not ready?
  $ patchgen doctor                                      is everything in place for the operator?

${exitCodeHelp()}

Every setting is also an environment variable, PATCHGEN_<NAME>. patchgen <command> --help explains each.`;

/**
 * Runs one command line (without node and script) and returns its exit code. What it prints goes to `io`; nothing here
 * ends the process. `commands` is an argument for tests.
 */
export async function runCli(
  args: readonly string[],
  io: Io,
  commands: readonly CommandEntry[] = COMMANDS,
): Promise<number> {
  try {
    const program = await buildProgram(io, commands, (name) => name === commandIn(args, commands));
    await program.parseAsync([...spellOutSwitches(args)], { from: 'user' });
    return ExitCode.ok;
  } catch (error) {
    return codeFor(error, io);
  }
}

/** The command tree. Only the commands that `wanted` names are loaded; the others are there with name and summary alone. */
export async function buildProgram(
  io: Io,
  commands: readonly CommandEntry[],
  wanted: (name: string) => boolean,
): Promise<Command> {
  const program = new Command('patchgen')
    .description(DESCRIPTION)
    .usage('<command> [options]')
    .version(VERSION, '-V, --version', 'print the version')
    .option('--no-color', 'print without colours')
    .helpOption('-h, --help', 'explain a command')
    .addHelpText('after', EPILOGUE);
  for (const entry of commands) {
    const command = wanted(entry.name) ? (await entry.load())(io) : new Command(entry.name);
    program.addCommand(command.summary(entry.summary).helpGroup(entry.group));
  }
  program.commandsGroup('Help:').helpCommand('help [command]', 'explain a command');
  prepare(program, 'patchgen', io);
  return program;
}

function prepare(command: Command, path: string, io: Io): void {
  command
    .exitOverride()
    .showHelpAfterError(`(${path} --help explains)`)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      outputError: (text, write) => write(`${text.trimEnd().split('\n').map(printable).join('\n')}\n`),
    });
  for (const child of command.commands) prepare(child, `${path} ${child.name()}`, io);
}

/** The first word that is no flag, or for `help NAME` the word after it. */
function commandIn(args: readonly string[], commands: readonly CommandEntry[]): string | undefined {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const name = words[0] === 'help' ? words[1] : words[0];
  return commands.find((entry) => entry.name === name)?.name;
}

/** Tells of the error, where it has not been told yet, and says how the process ends. */
function codeFor(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof Exit) {
    if (error.name === 'UsageError') tell(error.message, io);
    return error.exitCode;
  }
  if (error instanceof SettingError) {
    tell(error.message, io);
    return ExitCode.usage;
  }
  tell(error instanceof Failure ? `${error.reason}: ${error.message}` : errorWords(error), io);
  return ExitCode.failed;
}

const tell = (message: string, io: Io): void => void io.stderr.write(`error: ${printable(message)}\n`);
