import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary } from '../../tools/setup/binaries.mjs';
import { runTool } from './tool.ts';

export interface ArgoHealth {
  readonly status: string;
  readonly message: string;
}

/**
 * What Argo CD shows for an object: the health script run by gopher-lua, which is the Lua that Argo CD runs, with only the
 * basic functions that it offers to such scripts.
 */
export async function argoHealth(script: string, object: unknown): Promise<ArgoHealth> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'patchgen-lua-'));
  try {
    const file = join(folder, 'health.lua');
    const basics = 'local io, os, debug, package, require, dofile, loadfile = nil';
    writeFileSync(
      file,
      `local print, obj = print, ${luaOf(object)}\nlocal function run()\n${basics}\n${readFileSync(script, 'utf8')}\nend\n` +
        `local it = run()\nprint(it.status)\nprint(it.message)\n`,
    );
    const { code, stdout, stderr } = await runTool(await binary('glua'), [file]);
    if (code !== 0 || stderr !== '') throw new Error(`glua: ${stderr}${stdout}`);
    const [status = '', ...message] = stdout.trimEnd().split('\n');
    return { status, message: message.join('\n') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A value of JSON as a Lua literal. As in Argo CD, null is absent. */
function luaOf(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return `{${value.map(luaOf).join(', ')}}`;
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([key, inner]) => `[${luaOf(key)}] = ${luaOf(inner)}`);
    return `{${fields.join(', ')}}`;
  }
  if (typeof value !== 'string') return String(value);
  const bytes = [...Buffer.from(value, 'utf8')];
  return `"${bytes.map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}
