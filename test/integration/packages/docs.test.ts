import * as fs from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { binaries } from '../../../tools/setup/binaries.mjs';
import { tempFolder } from '../../support/temp-folder.ts';
import { runTool } from '../../support/tool.ts';

// The shell lines of docs/packages.md, run as one session in the checkout.

const CHECKOUT = join(import.meta.dirname, '../../..');
const FENCE = /^```(\w*)\n(.*?)^```$/gms;

interface Block {
  readonly language: string;
  readonly text: string;
}

let path = '';
beforeAll(async () => {
  const tools = await binaries(['kustomize', 'kpt', 'kubectl']);
  path = [dirname(process.execPath), ...Object.values(tools).map(dirname), process.env.PATH].join(delimiter);
});

function blocksOf(document: string): readonly Block[] {
  const text = fs.readFileSync(join(CHECKOUT, document), 'utf8');
  return [...text.matchAll(FENCE)].map(([, language = '', body = '']) => ({ language, text: body }));
}

/** `! command` must fail: the shell's own `!` would not end a `set -e` session when the command succeeds. */
function scriptOf(blocks: readonly Block[]): string {
  const shell = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
  const lines = shell.join('echo "=== next block ==="\n').split('\n');
  return lines
    .map((line) => line.replace(/^! (.+)$/, 'if $1; then echo "did not fail: $1" >&2; exit 1; fi'))
    .join('\n');
}

test('the commands of docs/packages.md work as they stand, and print what the page shows', async () => {
  const blocks = blocksOf('docs/packages.md');
  const env = { PATH: path, TMPDIR: tempFolder() };
  const { code, stdout, stderr } = await runTool('sh', ['-e', '-c', scriptOf(blocks)], { cwd: CHECKOUT, env });
  expect(code, stderr).toBe(0);
  const outputs = stdout.split('=== next block ===\n');
  const shown = blocks.flatMap((block, i) => {
    if (block.language !== 'sh') return [];
    const next = blocks[i + 1];
    return [next !== undefined && ['text', 'yaml'].includes(next.language) ? next.text : ''];
  });
  expect(outputs).toHaveLength(shown.length);
  for (const [i, expected] of shown.entries()) expect(outputs[i]).toContain(expected);
  expect(shown.filter((text) => text !== '')).toHaveLength(2);
  // The digest that the shell computed is the one that generate told.
  const [byShell, byGenerate] = (outputs[2] ?? '').split('\n');
  expect(byGenerate).toContain(byShell?.slice(0, 64));
});
