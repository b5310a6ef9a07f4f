import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { installCrds } from '../../../tools/control-plane/crds.ts';
import { startOperatorProcess } from '../../../tools/operator-process.ts';
import { binaries } from '../../../tools/setup/binaries.mjs';
import { installGuards } from '../guards.ts';
import { tempFolder } from '../temp-folder.ts';
import { runTool, type ToolResult } from '../tool.ts';
import { type Block, CHECKOUT, type Page } from './pages.ts';

/** What a page may ask for. `checkout` is always there: a working copy in which `npx patchgen` works. */
export const NEEDS = ['checkout', 'kustomize', 'kpt', 'cluster', 'operator'] as const;

/** Where the operator of a page keeps its packages, seen from the working copy. */
export const DATA = 'data';

export interface Run {
  readonly block: Block;
  /** The block right behind it, when it shows what is printed. */
  readonly shown: string | undefined;
  readonly printed: string;
}

const BOUNDARY = '=== end of a block ===';
const SHOWS_OUTPUT = new Set(['text', 'yaml', 'json']);

/**
 * Runs the shell blocks of a page in order, as one bash session in a working copy of its own, with what the page asks
 * for. Rejects with the line of the block at which the session ended early, and all that it said.
 */
export async function runPage(page: Page): Promise<readonly Run[]> {
  const work = workingCopy();
  const env = await surroundings(page.needs ?? [], work);
  const blocks = page.blocks.flatMap((block, i) => {
    if (block.language !== 'sh') return [];
    const next = page.blocks[i + 1];
    return [{ block, shown: next !== undefined && SHOWS_OUTPUT.has(next.language) ? next.text : undefined }];
  });
  const script = blocks.map(({ block }) => `${scriptOf(block)}\necho '${BOUNDARY}'\n`).join('');
  const result = await runTool('bash', ['--norc', '-c', `set -euo pipefail\n${script}`], { cwd: work, env });
  const printed = result.stdout.split(`${BOUNDARY}\n`);
  if (result.code !== 0) throw new Error(failureOf(page, blocks[printed.length - 1]?.block, result));
  return blocks.map((one, i) => ({ ...one, printed: neutral(printed[i] ?? '', work) }));
}

/** `! command` must fail: the shell's own `!` would not end the session when the command succeeds. */
function scriptOf({ text }: Block): string {
  return text.replaceAll(/^! (.+)$/gm, 'if $1; then echo "did not fail: $1" >&2; exit 1; fi');
}

function failureOf(page: Page, block: Block | undefined, { code, stdout, stderr }: ToolResult): string {
  return `${page.path}:${block?.line}: the session ended with ${code}\n${stderr}\nit printed:\n${stdout}`;
}

/** The files that pages name, and the program; what a page makes stays in here. */
function workingCopy(): string {
  const work = tempFolder();
  for (const name of ['config', 'crds', 'docs']) cpSync(join(CHECKOUT, name), join(work, name), { recursive: true });
  for (const name of ['bin', 'src', 'node_modules', 'package.json'])
    symlinkSync(join(CHECKOUT, name), join(work, name));
  return work;
}

async function surroundings(needs: readonly string[], work: string): Promise<Record<string, string>> {
  const tools = await binaries(['kubectl', ...needs.filter((need) => need === 'kustomize' || need === 'kpt')]);
  const folders = Object.values(tools).map((path) => dirname(path));
  const path = [dirname(process.execPath), ...folders, process.env.PATH].join(delimiter);
  const env = { PATH: path, TMPDIR: tempFolder(), KUBECONFIG: join(work, 'no-cluster'), NO_COLOR: '1' };
  if (!needs.includes('cluster')) return env;
  const plane = await startControlPlane({ controllerManager: true });
  onTestFinished(() => plane.stop());
  await installCrds(plane, join(CHECKOUT, 'crds'));
  if (needs.includes('operator')) {
    // As the chart does; `patchgen doctor` looks for them.
    await installGuards(plane);
    await operate(plane.kubeconfig, join(work, DATA));
  }
  return { ...env, KUBECONFIG: plane.kubeconfig, KUBECACHEDIR: tempFolder() };
}

async function operate(kubeconfig: string, outputDir: string): Promise<void> {
  mkdirSync(outputDir);
  const operator = await startOperatorProcess({ kubeconfig, outputDir });
  onTestFinished(async () => void (await operator.stop()));
  await operator.untilReady();
}

/** Text without what differs from run to run: ages, times, identifiers, the place of the working copy, the width of blanks. */
export function neutral(text: string, work = '/home/you/patchgen'): string {
  return text
    .replaceAll(work, '.')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uuid>')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/\b\d+(\.\d+)?(ms|s|m|h)(\d+s)?\b/g, '<span>')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/ {2,}/g, ' ');
}

/** Whether the output holds what the page shows, line for line; a line `…` stands for any lines. */
export function shows(printed: string, shown: string): boolean {
  const parts = `\n${neutral(shown)}`.split('\n…\n').map((part) => (part.startsWith('\n') ? part : `\n${part}`));
  let rest = `\n${printed}`;
  for (const part of parts) {
    const at = rest.indexOf(part);
    if (at < 0) return false;
    // The line end stays: it is the beginning of the next part.
    rest = rest.slice(at + part.length - 1);
  }
  return true;
}
