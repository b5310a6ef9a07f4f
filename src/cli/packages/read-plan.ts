import { load } from 'js-yaml';
import { CHANGE_TYPES } from '../../changes/index.ts';
import type { Plan } from '../../kpt/change.ts';
import type { FoundFolder } from '../../kpt/found.ts';

const MAX_PATCH_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;

/** The plan that a package folder carries out, read from its patch; undefined where it holds no patch of a known type. */
export function planIn(folder: FoundFolder): Plan | undefined {
  for (const changeType of CHANGE_TYPES) {
    const content = contentOf(folder, `${changeType.type}-patch.yaml`);
    const plan = content === undefined ? undefined : changeType.planOf(parse(content));
    if (plan !== undefined) return plan;
  }
  return undefined;
}

/** The package name that the Kptfile of a folder states, or undefined. */
export function nameInKptfile(folder: FoundFolder): string | undefined {
  const content = contentOf(folder, 'Kptfile');
  const metadata = memberOf(content === undefined ? undefined : parse(content), 'metadata');
  const name = memberOf(metadata, 'name');
  return typeof name === 'string' ? name : undefined;
}

/** True for a folder name that a package of a known type could have. */
export function looksLikePackage(name: string): boolean {
  return CHANGE_TYPES.some(({ type }) => new RegExp(`^[a-z0-9][-a-z0-9]*-${type}-[0-9a-f]{12}$`).test(name));
}

/** True for a folder with a patch file of a known type, whatever stands in it. */
export function holdsPatch(folder: FoundFolder): boolean {
  return folder.files.some(({ path }) => CHANGE_TYPES.some(({ type }) => path === `${type}-patch.yaml`));
}

function contentOf(folder: FoundFolder, path: string): string | undefined {
  const content = folder.files.find((file) => file.path === path)?.content;
  if (content === undefined || content.length > MAX_PATCH_BYTES) return undefined;
  return Buffer.from(content).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return load(text, { maxDepth: MAX_DEPTH });
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
