import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects when it fails, with its last words, unless told that this may be. */
export async function run(
  command: readonly string[],
  options: { readonly input?: string; readonly allowFailure?: boolean; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'pipe', cwd: '/', env: options.env ?? process.env });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 128));
  });
  child.stdin.on('error', () => undefined); // It may end without reading what we send.
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 0 || options.allowFailure === true) return { code, stdout, stderr };
  throw new Error(`${command.join(' ')} ended with code ${code}: ${(stderr || stdout).trim()}`);
}
