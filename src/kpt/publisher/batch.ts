import type { Failure } from '../../api/errors.ts';
import { leftoverOfEntry } from './catalogue.ts';
import { chooseEntry } from './choose.ts';
import { asStorageFailure, failed } from './failures.ts';
import { assertTenure } from './fence.ts';
import { ownEntryAt, pointLink, takeLink } from './links.ts';
import { assertKey, keyText, parseEntry } from './names.ts';
import { type Namespaces, openNamespaces } from './namespaces.ts';
import type { PackageKey, Published, PublishOutcome, PublishRequest } from './publisher.ts';
import { putEntry } from './put.ts';
import { dropRecord, keepRecord } from './records.ts';
import { quarantine, swapLinks } from './repair.ts';
import { assertSameRoot } from './root.ts';
import type { Site, Tenure } from './site.ts';
import { assertPackage } from './stage.ts';
import { syncStore } from './store-sync.ts';

export type Job =
  | { readonly kind: 'publish'; readonly request: PublishRequest }
  | { readonly kind: 'remove'; readonly request: PackageKey };

export type Done =
  | { readonly ok: true; readonly value: Published | boolean }
  | { readonly ok: false; readonly failure: Failure };

/** How far one job of a batch has come. */
interface Progress {
  readonly job: Job;
  readonly key: string;
  present: string | undefined;
  entry: string | undefined;
  wrote: boolean;
  altered: readonly string[];
  outcome: PublishOutcome | undefined;
  /** True once a rename at the stable name was tried. */
  touched: boolean;
  removed: boolean;
  failure: Failure | undefined;
}

/**
 * Carries out publications and removals of different keys together. All steps of a kind come before the next kind, so
 * that they share the directory syncs:
 *
 *     stage and rename into the store → sync the store → rename links → sync namespaces
 *
 * The store is synced before the first link leads into it, so after a power loss a link that was kept finds its tree.
 * A job that fails drops out; the others go on.
 */
export function runBatch(site: Site, tenure: Tenure, jobs: readonly Job[]): readonly Done[] {
  const all = jobs.map(begin);
  const namespaces = openNamespaces(site, tenure);
  try {
    assertSameRoot(site, tenure.root);
    const entering = new Map<string, string>();
    each(site, tenure, all, (progress) => prepare(site, tenure, namespaces, entering, progress));
    syncEntered(site, tenure, all);
    each(site, tenure, all, (progress) => relink(site, tenure, namespaces, progress));
    syncNamespaces(site, tenure, namespaces, all);
    const retired = new Set<string>();
    each(site, tenure, all, (progress) => settle(site, tenure, retired, progress));
  } catch (error) {
    for (const progress of all) progress.failure ??= asFailure(site, tenure, error, progress);
  } finally {
    namespaces.close();
  }
  return all.map((progress) => answer(tenure, progress));
}

function begin(job: Job): Progress {
  return {
    job,
    key: keyText(job.request),
    present: undefined,
    entry: undefined,
    wrote: false,
    altered: [],
    outcome: undefined,
    touched: false,
    removed: false,
    failure: undefined,
  };
}

/** Runs one step for every job that has not failed. A failure of the step is that job's alone. */
function each(site: Site, tenure: Tenure, all: readonly Progress[], step: (progress: Progress) => void): void {
  for (const progress of all) {
    if (progress.failure !== undefined) continue;
    try {
      step(progress);
    } catch (error) {
      progress.failure = asFailure(site, tenure, error, progress);
    }
  }
}

function prepare(
  site: Site,
  tenure: Tenure,
  namespaces: Namespaces,
  entering: Map<string, string>,
  progress: Progress,
): void {
  const { job, key } = progress;
  assertKey(job.request);
  const namespace = namespaces.find(job.request.namespace);
  progress.present = namespace && ownEntryAt(site.files, namespace, job.request.intent);
  if (job.kind === 'remove') return;
  const content = job.request.package;
  assertPackage(content);
  if (!tenure.catalogue.closed.has(key)) {
    const present =
      progress.present !== undefined && digestOf(progress.present) === content.digest ? progress.present : undefined;
    const choice = chooseEntry(site, tenure, content.digest, present);
    progress.altered = choice.altered;
    progress.entry = choice.entry ?? entering.get(content.digest);
  }
  progress.outcome = outcomeOf(tenure, progress, content.digest);
  if (progress.entry !== undefined) return;
  progress.entry = putEntry(site, tenure, content);
  progress.wrote = true;
  entering.set(content.digest, progress.entry);
}

/** What to call it, judged by what stood there: a link that this writer had made and that is gone or wrong was tampered with. */
function outcomeOf({ catalogue }: Tenure, { key, present, entry, altered }: Progress, digest: string): PublishOutcome {
  if (catalogue.restored.has(key)) return 'restored';
  if (present !== undefined && entry === present) return 'unchanged';
  if (catalogue.closed.has(key) || catalogue.suspect.has(present ?? '')) return 'written';
  const linked = catalogue.links.get(key);
  const expected = linked !== undefined && digestOf(linked) === digest;
  const damaged = present !== undefined && (altered.includes(present) || digestOf(present) === digest);
  return damaged || (expected && present !== linked) ? 'restored' : 'written';
}

function syncEntered(site: Site, tenure: Tenure, all: readonly Progress[]): void {
  const entered = all.filter((progress) => progress.wrote && progress.entry !== undefined);
  if (entered.length === 0) return;
  site.reach('before-store-sync');
  const error = syncStore(site, tenure.root);
  site.reach('store-synced');
  const entries = new Set(entered.map((progress) => progress.entry));
  if (error === undefined) {
    for (const entry of entries) tenure.catalogue.suspect.delete(entry ?? '');
    return;
  }
  for (const progress of all) {
    if (!entries.has(progress.entry)) continue;
    tenure.catalogue.closed.add(progress.key);
    progress.failure ??= asFailure(site, tenure, error, progress);
  }
}

function relink(site: Site, tenure: Tenure, namespaces: Namespaces, progress: Progress): void {
  const { job, present, entry, key } = progress;
  const { namespace, intent } = job.request;
  if (job.kind === 'remove') {
    if (present === undefined) return;
    progress.touched = true;
    takeLink(site, tenure, namespaces.make(namespace), intent);
    namespaces.touch(namespace);
    tenure.catalogue.links.delete(key);
    progress.removed = true;
    return;
  }
  if (entry === undefined) throw failed('InternalError', `no entry was chosen for ${key}`);
  if (entry !== present) {
    progress.touched = true;
    pointLink(site, tenure, namespaces.make(namespace), intent, entry);
    namespaces.touch(namespace);
  }
  tenure.catalogue.links.set(key, entry);
  tenure.catalogue.unusedSince.delete(leftoverOfEntry(entry));
  progress.altered = progress.altered.filter((old) => swapLinks(site, tenure, namespaces, old, entry));
}

function syncNamespaces(site: Site, tenure: Tenure, namespaces: Namespaces, all: readonly Progress[]): void {
  site.reach('before-sync');
  namespaces.sync((name, error) => {
    for (const progress of all) {
      if (progress.job.request.namespace !== name) continue;
      progress.failure ??= asFailure(site, tenure, error, progress);
    }
    for (const key of tenure.catalogue.restored) if (key.startsWith(`${name}/`)) tenure.catalogue.closed.add(key);
  });
  site.reach('synced');
}

function settle(
  site: Site,
  tenure: Tenure,
  retired: Set<string>,
  { job, key, altered, wrote, present, entry }: Progress,
): void {
  const { catalogue } = tenure;
  catalogue.restored.delete(key);
  if (job.kind === 'remove') {
    catalogue.closed.delete(key);
    return dropRecord(site, tenure, job.request);
  }
  if (wrote || present !== entry) catalogue.closed.delete(key);
  // Several users of one altered entry may have found it in this batch.
  for (const old of altered) if (!retired.has(old)) quarantine(site, tenure, old);
  for (const old of altered) retired.add(old);
  keepRecord(site, tenure, job.request);
}

function answer(
  { catalogue }: Tenure,
  { job, key, present, entry, outcome, touched, removed, failure }: Progress,
): Done {
  // What was renamed and not synced may not last, so the next publication of the key writes everything anew.
  if (failure !== undefined && touched) catalogue.closed.add(key);
  if (failure !== undefined) return { ok: false, failure };
  if (job.kind === 'remove') return { ok: true, value: removed };
  const previousDigest = present === undefined ? undefined : digestOf(present);
  return { ok: true, value: { outcome: outcome ?? 'written', previousDigest, entry: entry ?? '' } };
}

function asFailure(site: Site, tenure: Tenure, error: unknown, { job }: Progress): Failure {
  try {
    assertTenure(site.files, tenure, error);
  } catch (ended) {
    return asStorageFailure(ended);
  }
  const neededBytes = job.kind === 'publish' ? job.request.package.sizeBytes + site.minFreeBytes : 0;
  return asStorageFailure(error, () => ({ availableBytes: availableOrZero(site, tenure), neededBytes }));
}

function availableOrZero(site: Site, tenure: Tenure): number {
  try {
    return site.files.availableBytes(tenure.root.top);
  } catch {
    return 0;
  }
}

function digestOf(entry: string): string {
  return parseEntry(entry)?.digest ?? '';
}
