import { failureOf } from '../../api/errors.ts';
import type { PackageKey } from './publisher.ts';

/** Names below the root; the layout is drawn in docs/packages.md. */
export const META = '.patchgen';
export const IDENTITY_FILE = 'root.json';
export const OWNER_FILE = 'owner';
export const PROBE_PREFIX = 'probe-';
/** Prefix of an altered tree on its way from the store to quarantine: never deleted as a leftover. */
export const ALTERED_PREFIX = 'altered-';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const DIGEST = /^[0-9a-f]{64}$/;
const ENTRY = /^([0-9a-f]{64})\.([1-9][0-9]{0,8})$/;
const EPOCH = /^[1-9][0-9]{0,14}$/;
const LINK_START = `../${META}/store/`;
/** File names end at 255 bytes; a record's name carries an ending, so long intents are named by a digest. */
const LONGEST_RECORD_STEM = 240;

/** A store entry: one immutable tree. `n` grows by repair only. */
export interface Entry {
  readonly digest: string;
  readonly n: number;
}

export function entryName(entry: Entry): string {
  return `${entry.digest}.${entry.n}`;
}

export function parseEntry(name: string): Entry | undefined {
  const found = ENTRY.exec(name);
  return found?.[1] === undefined ? undefined : { digest: found[1], n: Number(found[2]) };
}

export function linkTarget(entry: string): string {
  return `${LINK_START}${entry}`;
}

/** Name of the store entry of a link of ours; undefined for a link that leads anywhere else. */
export function entryOfTarget(target: string): string | undefined {
  if (!target.startsWith(LINK_START)) return undefined;
  const name = target.slice(LINK_START.length);
  return parseEntry(name) === undefined ? undefined : name;
}

export function parseEpoch(name: string): number | undefined {
  return EPOCH.test(name) ? Number(name) : undefined;
}

export function isNamespaceName(name: string): boolean {
  return LABEL.test(name);
}

export function isIntentName(name: string): boolean {
  return SUBDOMAIN.test(name) && !name.includes('..');
}

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** One string for a key, for maps: `<namespace>/<intent>`. */
export function keyText(key: PackageKey): string {
  return `${key.namespace}/${key.intent}`;
}

export function keyOfText(text: string): PackageKey {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), intent: text.slice(slash + 1) };
}

/** Throws Rejected InvalidPath unless both parts are names that the API server could have given out. */
export function assertKey(key: PackageKey): void {
  if (isNamespaceName(key.namespace) && isIntentName(key.intent)) return;
  throw failureOf(
    'Rejected',
    'InvalidPath',
    `path traversal detected: ${JSON.stringify(keyText(key))} is no package name`,
  );
}

/** File name of the record of an intent; no intent name begins with `_`, so the two forms never meet. */
export function recordName(intent: string, digestOf: (text: string) => string): string {
  return intent.length <= LONGEST_RECORD_STEM ? `${intent}.json` : `_${digestOf(intent)}.json`;
}
