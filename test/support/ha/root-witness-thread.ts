import { closeSync, constants, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { packageDigest } from '../../../src/kpt/digest.ts';

/**
 * Watches package roots from outside, every few milliseconds, and notes what the kernel says of each thing that was
 * published: who made it (its group; each operator runs with one of its own) and when it was renamed into place (ctime).
 * In between it reads packages as a consumer does, and notes each that is not what its digest says.
 */

/** A store entry, or a link at a stable name. */
export interface Made {
  readonly root: string;
  /** `.patchgen/store/<entry>`, or `<namespace>/<intent> → <entry>`. */
  readonly what: string;
  readonly group: number;
  /** Wall clock of the kernel in milliseconds: the rename into place. */
  readonly at: number;
}

export interface Claim {
  readonly root: string;
  readonly epoch: number;
  readonly pid: number;
  readonly at: number;
}

export interface Witnessed {
  readonly made: readonly Made[];
  readonly claims: readonly Claim[];
  /** Roots whose staging folder held more than one epoch when it was looked at last. */
  readonly unended: readonly string[];
  /** Packages that a reader saw with other content than their digest says. */
  readonly mixed: readonly string[];
  readonly reads: number;
  readonly looks: number;
}

export type Ask = { readonly watch: string } | { readonly tell: true };

const PAUSE_MS = 10;
const roots: string[] = [];
const made = new Map<string, Made>();
const claims = new Map<string, Claim>();
const mixed: string[] = [];
const count = { reads: 0, looks: 0 };

function look(): void {
  count.looks += 1;
  for (const root of roots) {
    tolerant(() => lookAtClaims(root));
    tolerant(() => lookAtStore(root));
    for (const namespace of namesIn(root)) if (namespace !== '.patchgen') tolerant(() => lookAtLinks(root, namespace));
  }
}

function lookAtClaims(root: string): void {
  for (const epoch of epochsIn(root)) {
    const key = `${root} ${epoch}`;
    if (claims.has(key)) continue;
    const owner = join(root, '.patchgen/staging', epoch, 'owner');
    tolerant(() => {
      const { pid } = JSON.parse(readFileSync(owner, 'utf8')) as { pid: number };
      claims.set(key, { root, epoch: Number(epoch), pid, at: statSync(owner).ctimeMs });
    });
  }
}

function lookAtStore(root: string): void {
  for (const entry of namesIn(join(root, '.patchgen/store'))) {
    const what = `.patchgen/store/${entry}`;
    const key = `${root} ${what}`;
    if (made.has(key)) continue;
    tolerant(() => {
      const { gid, ctimeMs } = lstatSync(join(root, what));
      made.set(key, { root, what, group: gid, at: ctimeMs });
    });
  }
}

function lookAtLinks(root: string, namespace: string): void {
  for (const intent of namesIn(join(root, namespace))) {
    tolerant(() => {
      const path = join(root, namespace, intent);
      const { ino, gid, ctimeMs } = lstatSync(path);
      const key = `${path} ${ino} ${ctimeMs}`;
      if (made.has(key)) return;
      const target = readlinkSync(path);
      const entry = target.split('/').at(-1) ?? '';
      made.set(key, { root, what: `${namespace}/${intent} → ${entry}`, group: gid, at: ctimeMs });
      read(join(path, '..', target), entry);
    });
  }
}

/** Opens the package once and hashes all of it through that one directory. */
function read(path: string, entry: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const tree = `/proc/self/fd/${fd}/`;
    const files = readdirSync(tree).map((file) => ({ path: file, content: readFileSync(`${tree}${file}`) }));
    count.reads += 1;
    if (!entry.startsWith(packageDigest(files))) mixed.push(path);
  } finally {
    closeSync(fd);
  }
}

const epochsIn = (root: string): readonly string[] =>
  namesIn(join(root, '.patchgen/staging')).filter((name) => /^\d+$/.test(name));

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What goes away while it is looked at was seen before, or is seen at the next look. */
function tolerant(use: () => void): void {
  try {
    use();
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw error;
  }
}

function round(): void {
  look();
  setTimeout(round, PAUSE_MS);
}

parentPort?.on('message', (ask: Ask) => {
  if ('watch' in ask) return void roots.push(ask.watch);
  look();
  const unended = roots.filter((root) => epochsIn(root).length > 1);
  const told: Witnessed = { made: [...made.values()], claims: [...claims.values()], unended, mixed, ...count };
  parentPort?.postMessage(told);
});
round();
