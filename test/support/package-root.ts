import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageDigest } from '../../src/kpt/digest.ts';
import type { Package } from '../../src/kpt/package.ts';
import { ENDLESS, sharedLease } from '../../src/kpt/publisher/lease.ts';
import type { Answer, Call } from '../../src/kpt/publisher/messages.ts';
import type { Published, PublishRequest } from '../../src/kpt/publisher/publisher.ts';
import { PROBE } from '../../src/kpt/publisher/self-test.ts';
import type { Note, Site } from '../../src/kpt/publisher/site.ts';
import { openWriter, type Writer } from '../../src/kpt/publisher/writer.ts';
import { systemFiles } from '../../src/platform/files/system-files.ts';
import { currentClaimant } from '../../src/platform/processes/claimant.ts';
import { systemRandom } from '../../src/platform/random.ts';

/** Where roots live whose tests need many files and no real disk; syncs cost nothing there. */
export const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A temporary mount with the place of a package root in it. */
export interface Mount {
  readonly path: string;
  readonly root: string;
  [Symbol.dispose](): void;
}

export function temporaryMount(parent = tmpdir()): Mount {
  const path = mkdtempSync(join(parent, 'patchgen-'));
  return { path, root: join(path, 'packages'), [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A package of five files whose content depends on `text` alone. */
export function packageOf(text: string | number): Package {
  const files = [
    { path: '.krmignore', content: 'scaling-patch.yaml\n' },
    { path: 'Kptfile', content: `name: ${text}\n` },
    { path: 'README.md', content: `# ${text}\n${'words '.repeat(40)}\n` },
    { path: 'kustomization.yaml', content: 'kind: Component\n' },
    { path: 'scaling-patch.yaml', content: `spec: {replicas: ${text}}\n` },
  ];
  const sizeBytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.content), 0);
  return { name: `web-${text}`, changeDigest: '0'.repeat(64), digest: packageDigest(files), files, sizeBytes };
}

/** `shop/web` → a request; the record names the content, so that it changes with it. */
export function requestOf(key: string, text: string | number): PublishRequest {
  const [namespace = '', intent = ''] = key.split('/');
  return {
    namespace,
    intent,
    package: packageOf(text),
    record: { uid: `uid-${key}`, generation: 1, reason: `${text}` },
  };
}

export function publishCall(key: string, text: string | number): Call {
  return { id: 0, name: 'publish', argument: requestOf(key, text) };
}

export function removeCall(key: string): Call {
  const [namespace = '', intent = ''] = key.split('/');
  return { id: 0, name: 'remove', argument: { namespace, intent } };
}

export const CLAIM: Call = { id: 0, name: 'claim', argument: { takeOver: false, exclusive: false } };

/** A writer core in this process, with the notes that it told. */
export interface TestWriter {
  readonly site: Site;
  readonly notes: Note[];
  readonly writer: Writer;
  run(...calls: readonly Call[]): readonly Answer[];
  /** The value of a call that must succeed. */
  value(call: Call): unknown;
  publish(key: string, text: string | number): Published;
  /** The reason of a call that must fail. */
  reason(call: Call): string;
}

export function writerOn(root: string, overrides: Partial<Site> = {}): TestWriter {
  const notes: Note[] = [];
  const lease = sharedLease();
  lease.extend(ENDLESS);
  const site: Site = {
    files: systemFiles(),
    rootPath: root,
    minFreeBytes: 0,
    random: systemRandom,
    lease,
    claimant: currentClaimant(),
    probe: PROBE,
    monotonic: () => performance.now(),
    reach: () => {},
    tell: (note) => void notes.push(note),
    ...overrides,
  };
  const writer = openWriter(site);
  const one = (call: Call): Answer => {
    const [answer] = writer.run([call]);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
  const value = (call: Call): unknown => {
    const answer = one(call);
    if (!answer.ok) throw new Error(`${call.name}: ${answer.failure.reason}: ${answer.failure.message}`);
    return answer.value;
  };
  return {
    site,
    notes,
    writer,
    run: (...calls) => writer.run(calls.map((call, at) => ({ ...call, id: at }))),
    value,
    publish: (key, text) => value(publishCall(key, text)) as Published,
    reason: (call) => {
      const answer = one(call);
      return answer.ok ? 'ok' : answer.failure.reason;
    },
  };
}

/** A writer that has claimed its root. */
export function claimedWriter(root: string, overrides: Partial<Site> = {}): TestWriter {
  const made = writerOn(root, overrides);
  made.value(CLAIM);
  return made;
}

/** Everything below a directory, relative, sorted. */
export function treeOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true }).map(String).toSorted();
}

/** Names in the staging directory but the current epoch's owner file: empty when nothing was left behind. */
export function residueOf(root: string): readonly string[] {
  return treeOf(join(root, '.patchgen/staging')).filter((name) => !/^\d+(\/owner)?$/.test(name));
}

/** Digest of the package that a reader sees who resolves the link once. */
export function wholeDigestAt(root: string, key: string): string {
  const tree = realpathSync(join(root, key));
  return packageDigest(readdirSync(tree).map((path) => ({ path, content: readFileSync(join(tree, path)) })));
}
