import { spawn } from 'node:child_process';
import { dirname } from 'node:path';

export const ROOT = dirname(dirname(import.meta.dirname));

/** How a step ended. A step that could not be done here says why; that is not a failure. */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'skipped'; readonly why: string };

export interface Step {
  readonly name: string;
  run(): Promise<Verdict> | Verdict;
}

export interface Output {
  readonly code: number;
  readonly text: string;
}

/** Runs a program of node_modules/.bin, or Node itself, and collects what it says. */
export function runProgram(command: string, args: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 128, text: text.trimEnd() }));
  });
}

/** A step that passes when a program ends with 0, and shows what it said when not. */
export function program(name: string, command: string, args: readonly string[]): Step {
  return {
    name,
    async run() {
      const { code, text } = await runProgram(command, args);
      return code === 0 ? { kind: 'passed' } : { kind: 'failed', text };
    },
  };
}

/** A step that passes when there is nothing to say. */
export function findings(name: string, find: () => readonly string[]): Step {
  return {
    name,
    run() {
      const found = find();
      return found.length === 0 ? { kind: 'passed' } : { kind: 'failed', text: found.join('\n') };
    },
  };
}
