/** The exit codes of every command. They are part of the contract: scripts and supervisors decide by them. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  leaseLost: 64,
} as const;

/** What each code says, in the order of the help text. */
export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [ExitCode.ok, 'done; nothing is wrong'],
  [ExitCode.failed, 'the command ran and the answer is no: an invalid document, a failed check, an I/O error'],
  [
    ExitCode.usage,
    'wrong usage: an unknown command or flag, a missing argument, a wrong setting; plan, policy test: no answer for some input',
  ],
  [ExitCode.leaseLost, 'run: this replica lost its Lease and stopped writing; start it again'],
  [130, 'run: ended at once by a second SIGINT (143: by a second SIGTERM)'],
];

/** The codes as the end of a help text. */
export function exitCodeHelp(): string {
  return `Exit codes:\n${EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`;
}
