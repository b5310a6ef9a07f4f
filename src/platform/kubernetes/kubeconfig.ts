import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import { AccessError } from './cluster-access.ts';

type Fields = Readonly<Record<string, unknown>>;

/** One named entry of a kubeconfig, with the folder that its relative paths start from. */
export interface Entry {
  readonly name: string;
  readonly fields: Fields;
  readonly dir: string;
}

/** The three entries that a context leads to. */
export interface Selection {
  readonly context: Entry;
  readonly cluster: Entry;
  readonly user: Entry | undefined;
  readonly server: string;
}

/** Several kubeconfig files as one: the first to name an entry, or the current context, wins, as in kubectl. */
export interface Kubeconfig {
  readonly paths: readonly string[];
  readonly currentContext: string | undefined;
  readonly clusters: readonly Entry[];
  readonly users: readonly Entry[];
  readonly contexts: readonly Entry[];
}

/**
 * Reads kubeconfig files. `need` says how many of them must exist: `every`, `some` (one at least) or `any` (none).
 * Throws AccessError for a missing file and for one that is no kubeconfig.
 */
export async function readKubeconfigs(paths: readonly string[], need: 'every' | 'some' | 'any'): Promise<Kubeconfig> {
  const found: Kubeconfig[] = [];
  for (const path of paths) {
    const text = await readIfThere(resolve(path));
    if (text !== undefined) found.push(parsed(resolve(path), text));
    else if (need === 'every') throw new AccessError(`there is no kubeconfig file ${path}`);
  }
  if (found.length === 0 && need === 'some') {
    throw new AccessError(`none of the kubeconfig files of KUBECONFIG exists: ${paths.join(', ')}`);
  }
  return {
    paths: found.flatMap((each) => each.paths),
    currentContext: found.find((each) => each.currentContext !== undefined)?.currentContext,
    clusters: firstOfEachName(found.flatMap((each) => each.clusters)),
    users: firstOfEachName(found.flatMap((each) => each.users)),
    contexts: firstOfEachName(found.flatMap((each) => each.contexts)),
  };
}

/** A text field, or undefined where it is absent or empty. */
export function textField(entry: Entry | undefined, name: string): string | undefined {
  const value = entry?.fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A field that names a file, made absolute from the folder of its kubeconfig. */
export function pathField(entry: Entry | undefined, name: string): string | undefined {
  const path = textField(entry, name);
  if (entry === undefined || path === undefined) return undefined;
  return isAbsolute(path) ? path : join(entry.dir, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new AccessError(`the kubeconfig ${path} is not readable (${code ?? 'unknown error'})`);
  }
}

function parsed(path: string, text: string): Kubeconfig {
  const document = yamlOf(path, text);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new AccessError(`${path} is no kubeconfig: it holds no mapping`);
  }
  const fields = document as Fields;
  const current = fields['current-context'];
  const dir = dirname(path);
  return {
    paths: [path],
    currentContext: typeof current === 'string' && current !== '' ? current : undefined,
    clusters: entries(fields['clusters'], 'cluster', dir),
    users: entries(fields['users'], 'user', dir),
    contexts: entries(fields['contexts'], 'context', dir),
  };
}

function yamlOf(path: string, text: string): unknown {
  try {
    return load(text);
  } catch (error) {
    // The reason and the line only: the full message of the parser quotes the text, and with it tokens and keys.
    const where = error instanceof YAMLException && error.mark ? `, line ${error.mark.line + 1}` : '';
    throw new AccessError(`the kubeconfig ${path} is no YAML${where}`);
  }
}

function entries(list: unknown, member: string, dir: string): readonly Entry[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return [];
    const { name, [member]: fields } = item as Fields;
    if (typeof name !== 'string') return [];
    return [{ name, fields: typeof fields === 'object' && fields !== null ? (fields as Fields) : {}, dir }];
  });
}

function firstOfEachName(all: readonly Entry[]): readonly Entry[] {
  const byName = new Map<string, Entry>();
  for (const entry of all) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}
