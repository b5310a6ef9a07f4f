import { Argument, Command } from 'commander';
import { COMMANDS } from './commands.ts';
import { SHELLS } from './completion-shells.ts';
import { completionTree } from './completion-tree.ts';
import { buildProgram } from './frame.ts';
import type { Io } from './io.ts';

const DESCRIPTION = `Prints the completion script of a shell.

  bash   source <(patchgen completion bash)
  zsh    source <(patchgen completion zsh)
  fish   patchgen completion fish | source

Put the line into ~/.bashrc, ~/.zshrc (after compinit) or ~/.config/fish/config.fish to have it in each new shell.`;

/** `patchgen completion SHELL`: made from the command tree, so that it knows every flag. */
export function completionCommand(io: Io): Command {
  return new Command('completion')
    .description(DESCRIPTION)
    .addArgument(new Argument('<shell>', 'for which shell').choices(Object.keys(SHELLS)))
    .action(async (shell: keyof typeof SHELLS) => {
      const tree = completionTree(await buildProgram(io, COMMANDS, () => true));
      io.stdout.write(SHELLS[shell](tree));
    });
}
