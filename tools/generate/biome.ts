import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIOME = fileURLToPath(import.meta.resolve('@biomejs/biome/bin/biome'));

/** The text as `npm run fix` would leave it, so that formatting and generating never fight over a file. */
export function formatted(path: string, text: string): string {
  return execFileSync(process.execPath, [BIOME, 'check', '--write', `--stdin-file-path=${path}`], {
    input: text,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
