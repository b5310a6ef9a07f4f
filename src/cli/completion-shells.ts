import type { CompletionCommand, CompletionFlag, Values } from './completion-tree.ts';

/** The completion script of a shell for these commands. */
export type ShellWriter = (commands: readonly CompletionCommand[]) => string;

export const SHELLS: Readonly<Record<'bash' | 'zsh' | 'fish', ShellWriter>> = { bash, zsh, fish };

/** Text in single quotes. The three shells share no escape for an apostrophe, so it becomes a typographic one. */
const quoted = (text: string): string => `'${text.replaceAll("'", '’')}'`;
const namesOf = (flags: readonly CompletionFlag[]): string => flags.flatMap(({ names }) => names).join(' ');

function bash(commands: readonly CompletionCommand[]): string {
  return `# bash completion for patchgen. Load it with: source <(patchgen completion bash)
_patchgen() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= word
  # bash splits --flag=value at the sign.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word != -* ]]; then command=$word; break; fi
  done
  COMPREPLY=()
  case $command in
${commands.map(bashCase).join('')}    help) [[ $prev == help ]] && COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$cur")) ;;
    '') COMPREPLY=($(compgen -W ${quoted(`${commands.map(({ name }) => name).join(' ')} help --help --version --no-color`)} -- "$cur")) ;;
  esac
}
complete -F _patchgen patchgen
`;
}

function bashCase({ name, flags, argument, below }: CompletionCommand): string {
  const values = flags
    .filter((flag) => flag.values !== undefined)
    .map((flag) => `        ${flag.names.join('|')}) ${bashReply(flag.values ?? 'none')}; return ;;\n`);
  const isBelow =
    below === undefined || typeof argument === 'string'
      ? ''
      : `[[ " \${COMP_WORDS[*]:1:COMP_CWORD-1} " == *' ${argument.join('|')} '* ]]`;
  return `    ${name})
      case $prev in
${values.join('')}      esac
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W ${quoted(namesOf(flags))} -- "$cur"))
${isBelow === '' ? '' : `      elif ${isBelow}; then ${bashReply(below ?? 'none')}\n`}      else ${bashReply(argument)}; fi ;;
`;
}

function bashReply(values: Values): string {
  if (values === 'none') return ':';
  if (values === 'file') return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))';
  if (values === 'directory') return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"))';
  return `COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$cur"))`;
}

function zsh(commands: readonly CompletionCommand[]): string {
  const summaries = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}\n`);
  return `#compdef patchgen
# zsh completion for patchgen. Load it with: source <(patchgen completion zsh)
_patchgen() {
  local -a commands
  commands=(
${summaries.join('')}  )
  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi
  local command=\${words[2]}
  shift words; (( CURRENT-- ))
  case $command in
${commands.map(zshCase).join('')}    help) _describe 'command' commands ;;
  esac
}
if [[ $funcstack[1] == _patchgen ]]; then _patchgen "$@"; else compdef _patchgen patchgen; fi
`;
}

function zshCase({ name, flags, argument, below }: CompletionCommand): string {
  const lines = flags.flatMap(({ names, summary, values }) =>
    names.map((flag) => {
      const text = `[${summary.replace(/[[\]]/g, '')}]`.replaceAll(':', '\\:');
      return quoted(`*${flag}${text}${values === undefined ? '' : `:value:${zshAction(values)}`}`);
    }),
  );
  const words =
    below === undefined
      ? [`*:argument:${zshAction(argument)}`]
      : [`1:argument:${zshAction(argument)}`, `*:argument:${zshAction(below)}`];
  return `    ${name}) _arguments -s ${[...lines, ...words.map(quoted)].join(' \\\n      ')} ;;\n`;
}

function zshAction(values: Values): string {
  if (values === 'none') return ' ';
  if (values === 'file') return '_files';
  return values === 'directory' ? '_files -/' : `(${values.join(' ')})`;
}

function fish(commands: readonly CompletionCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const list = commands.map(
    ({ name, summary }) => `complete -c patchgen -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}\n`,
  );
  return `# fish completion for patchgen. Load it with: patchgen completion fish | source
complete -c patchgen -f
${list.join('')}complete -c patchgen -f -n '__fish_seen_subcommand_from help' -a ${quoted(names)}
${commands.map(fishCommand).join('')}`;
}

function fishCommand({ name, flags, argument, below }: CompletionCommand): string {
  const when = `-n '__fish_seen_subcommand_from ${name}'`;
  const lines = flags.map(({ names, summary, values }) => {
    const spelled = names.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
    return `complete -c patchgen ${when} ${spelled.join(' ')} ${fishValues(values)}-d ${quoted(summary)}\n`;
  });
  const words = [argument, below].flatMap((values) =>
    values === undefined || values === 'none' ? [] : [`complete -c patchgen ${when} ${fishArgument(values)}\n`],
  );
  return [...lines, ...words].join('');
}

function fishValues(values: Values | undefined): string {
  if (values === undefined) return '';
  if (values === 'none') return '-x ';
  if (values === 'file') return '-r -F ';
  return values === 'directory' ? "-x -a '(__fish_complete_directories)' " : `-x -a ${quoted(values.join(' '))} `;
}

function fishArgument(argument: Exclude<Values, 'none'>): string {
  if (argument === 'file') return '-F';
  return argument === 'directory' ? "-f -a '(__fish_complete_directories)'" : `-f -a ${quoted(argument.join(' '))}`;
}
