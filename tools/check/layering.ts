/** Who may import whom in `src/`, and a few rules about files. The table is the architecture; keep it short. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

/** Each room (a folder of `src/`, or a file beside them) and the rooms it may import. A room may always import itself. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  api: [],
  platform: [],
  kpt: ['api', 'platform'],
  runtime: ['platform'],
  changes: ['api', 'kpt'],
  policy: ['api'],
  delivery: ['api', 'kpt', 'platform'],
  reconcile: ['api', 'platform', 'kpt', 'changes', 'policy', 'delivery'],
  http: ['api', 'platform', 'reconcile'],
  config: ['platform'],
  cli: ['api', 'platform', 'kpt', 'runtime', 'changes', 'policy', 'delivery', 'reconcile', 'http', 'config'],
};

/** The only reader of the environment; everybody else gets settings as arguments. */
const READS_ENVIRONMENT = 'src/config.ts';
const NO_NAME = /(^|[-./])(utils?|helpers?|commons?)([-./]|$)/i;
const IMPORT = /(?:^|[;\n])\s*(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]/g;
const LAZY_IMPORT = /\bimport\(\s*['"](\.[^'"]+)['"]/g;
const WORKER = /\bnew URL\([^;]*?['"](\.\.?\/[^'"]+\.ts)['"]/g;

/** Source text by path from the root of the project, with `/`. */
export type Sources = ReadonlyMap<string, string>;

/** One sentence for each thing that is not as it should be; empty when all is well. */
export function layeringFindings(sources: Sources, entries: readonly string[]): string[] {
  const files = [...sources.keys()].filter((path) => path.startsWith('src/'));
  return [
    ...files.flatMap((path) => importFindings(path, sources)),
    ...files
      .filter((path) => NO_NAME.test(path))
      .map((path) => `${path}: a name must say what is inside, not that it helps`),
    ...files
      .filter(
        (path) => path !== READS_ENVIRONMENT && /\bprocess\s*\.\s*env\b/.test(withoutComments(sources.get(path) ?? '')),
      )
      .map((path) => `${path}: reads process.env; only ${READS_ENVIRONMENT} does, take a setting as an argument`),
    ...unreachable(files, sources, entries).map((path) => `${path}: nothing leads to it from ${entries.join(' or ')}`),
  ];
}

function importFindings(path: string, sources: Sources): string[] {
  const room = roomOf(path);
  const allowed = MAY_IMPORT[room];
  if (allowed === undefined) return [`${path}: src/${room} is no room of the table in tools/check/layering.ts`];
  return importsOf(path, sources).flatMap((target) => {
    if (target === 'package.json') return []; // The version number.
    if (!target.startsWith('src/')) return [`${path}: imports ${target}, which is not part of src`];
    const other = roomOf(target);
    if (other === room || allowed.includes(other)) return [];
    const rooms = allowed.length === 0 ? 'no other room' : `only ${allowed.join(', ')}`;
    return [`${path}: ${room} may import ${rooms}, but this imports ${target}`];
  });
}

/** The files of the project that a file names, whether for types, for values, lazily or as a worker. */
export function importsOf(path: string, sources: Sources): string[] {
  const text = withoutComments(sources.get(path) ?? '');
  const named = [...text.matchAll(IMPORT), ...text.matchAll(LAZY_IMPORT), ...text.matchAll(WORKER)].flatMap(
    ([, name]) => name ?? [],
  );
  return named.filter((name) => name.startsWith('.')).map((name) => posix.join(posix.dirname(path), name));
}

function unreachable(files: readonly string[], sources: Sources, entries: readonly string[]): string[] {
  const seen = new Set<string>();
  const open = [...sources.keys()].filter((path) =>
    entries.some((entry) => path === entry || path.startsWith(`${entry}/`)),
  );
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    open.push(...importsOf(path, sources).filter((target) => sources.has(target)));
  }
  return files.filter((path) => !seen.has(path));
}

/** `src/kpt/render.ts` is in kpt, `src/config.ts` and `src/config/load.ts` are in config. */
function roomOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

/** Reads the TypeScript files of some folders. */
export function readSources(root: string, folders: readonly string[]): Sources {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      sources.set(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
    }
  }
  return sources;
}

/** The findings of this checkout. What the generator reads counts as used. */
export function checkLayering(root: string = dirname(dirname(import.meta.dirname))): string[] {
  return layeringFindings(readSources(root, ['src', 'tools']), ['src/cli/main.ts', 'tools']);
}
