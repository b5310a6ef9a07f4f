/** One run of the tests after the other: each wants the machine's only real node several times, and its tests have limits of time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { HOST } from './layout.ts';

/**
 * Resolves once no other process has its turn, however long that takes; `onWait` is called if it is not at once. The turn ends
 * with the returned function, or with this process, whatever ends it. Rejects when `flock` cannot be had.
 */
export async function takeTurn(onWait: () => void, file: string = HOST.turn): Promise<() => Promise<void>> {
  const child = spawn('flock', ['--no-fork', file, 'sh', '-c', 'echo held; exec cat'], {
    detached: true, // Ctrl-C is for the tests; the end of stdin ends this.
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  const held = once(createInterface({ input: child.stdout }), 'line');
  const timer = setTimeout(onWait, 1_000);
  try {
    await Promise.race([held, exited.then(() => Promise.reject(new Error(`flock on ${file} ended`)))]);
  } finally {
    clearTimeout(timer);
  }
  return async () => {
    child.stdin.end();
    await exited;
  };
}
