import { Failure } from '../../api/errors.ts';
import { hasErrno } from '../../platform/files/errno.ts';
import { type Done, type Job, runBatch } from './batch.ts';
import { claimRoot, endTenure, resumeRoot } from './claim.ts';
import { asStorageFailure, failed } from './failures.ts';
import { assertTenure } from './fence.ts';
import { standingAt } from './links.ts';
import type { Answer, Call, Inventory, Operations } from './messages.ts';
import { assertKey, keyText, parseEntry } from './names.ts';
import { openNamespace } from './namespaces.ts';
import { prestage } from './prestage.ts';
import type { PackageKey, RootIdentity } from './publisher.ts';
import { assertSameRoot, closeRoot, openRoot, prepareRoot } from './root.ts';
import { scanRoot } from './scan.ts';
import { headRoomOf, probeRoot } from './self-test.ts';
import type { Root, Site, Tenure } from './site.ts';
import { discard } from './stage.ts';
import { sweep } from './sweep.ts';

/** The serial core of the publisher: one call after the other. Everything that others can see is done synchronously by `run`. */
export interface Writer {
  /** Carries out calls in order; neighbouring publications and removals of different keys share their syncs. */
  run(calls: readonly Call[]): readonly Answer[];
  /** A head start for the next `run` with these calls: their new content is written and synced at the same time. Never rejects. */
  prepare(calls: readonly Call[]): Promise<void>;
}

type JobCall = Extract<Call, { readonly name: 'publish' | 'remove' }>;
type OtherCall = Exclude<Call, JobCall>;

export function openWriter(site: Site): Writer {
  const state: State = { tenure: undefined, resumption: undefined, overtaken: false, distrust: false };
  return Object.freeze({
    run: (calls: readonly Call[]) => {
      const answers: Answer[] = [];
      let group: JobCall[] = [];
      const flush = (): void => {
        if (group.length > 0) answers.push(...runGroup(site, state, group));
        group = [];
      };
      for (const call of calls) {
        const isJob = call.name === 'publish' || call.name === 'remove';
        if (!isJob || group.some((other) => keyText(other.argument) === keyText(call.argument))) flush();
        if (isJob) group.push(call);
        else answers.push(runOther(site, state, call));
      }
      flush();
      dropPrestaged(site, state);
      return answers;
    },
    prepare: async (calls: readonly Call[]) => {
      const { tenure } = state;
      if (tenure !== undefined) await prestage(site, tenure, calls);
    },
  });
}

/** What the calls did not need after all. */
function dropPrestaged(site: Site, { tenure }: State): void {
  for (const name of tenure?.prestaged.values() ?? []) if (tenure) discard(site.files, tenure.work, name);
  tenure?.prestaged.clear();
}

interface State {
  tenure: Tenure | undefined;
  /** What a thread before this one held; taken up at the first call that needs it, tried again until it works. */
  resumption: Operations['resume']['argument'] | undefined;
  /** Another leader ended our epoch. This process never claims again: it would fight instead of stepping down. */
  overtaken: boolean;
  /** A sync of a claim failed. */
  distrust: boolean;
}

function runGroup(site: Site, state: State, calls: readonly JobCall[]): readonly Answer[] {
  let done: readonly Done[];
  try {
    done = runBatch(site, held(site, state), calls.map(jobOf));
  } catch (error) {
    const failure = asStorageFailure(error);
    done = calls.map(() => ({ ok: false, failure }));
  }
  if (done.some((one) => !one.ok && one.failure.reason === 'LeadershipLost')) noticeEnd(site, state);
  return calls.map(({ id }, at) => {
    const one = done[at];
    if (one === undefined) return refusal(id, failed('InternalError', 'a publisher call was not answered'));
    return one.ok ? { id, ok: true, value: one.value } : refusal(id, one.failure);
  });
}

function jobOf(call: JobCall): Job {
  return call.name === 'publish'
    ? { kind: 'publish', request: call.argument }
    : { kind: 'remove', request: call.argument };
}

function runOther(site: Site, state: State, call: OtherCall): Answer {
  try {
    return { id: call.id, ok: true, value: perform(site, state, call) };
  } catch (error) {
    if (error instanceof Failure && error.reason === 'LeadershipLost') noticeEnd(site, state);
    return refusal(call.id, asStorageFailure(error));
  }
}

function perform(site: Site, state: State, call: OtherCall): Operations[OtherCall['name']]['result'] {
  switch (call.name) {
    case 'selfTest':
      return selfTest(site);
    case 'claim':
      return claim(site, state, call.argument);
    case 'resume':
      return resume(site, state, call.argument);
    case 'lookup':
      return lookup(site, state, call.argument);
    case 'inventory':
      return inventory(site, state);
    case 'sweep':
      return sweep(site, held(site, state), call.argument);
    case 'volume':
      return withRoot(site, state, (root) => site.files.volume(root.top));
    case 'headRoom':
      return withRoot(site, state, (root) => headRoomOf(site, root));
  }
}

function selfTest(site: Site): { readonly rootId: string } {
  const root = prepareRoot(site);
  try {
    probeRoot(site, root);
    return { rootId: root.rootId };
  } finally {
    closeRoot(site.files, root);
  }
}

function claim(site: Site, state: State, options: Operations['claim']['argument']): Operations['claim']['result'] {
  if (state.overtaken) throw overtaken();
  if (state.tenure !== undefined) endTenure(site, state.tenure);
  state.tenure = undefined;
  state.resumption = undefined;
  try {
    const { tenure, tampered } = claimRoot(site, options, state.distrust);
    state.tenure = tenure;
    return { ...identityOf(tenure), tampered };
  } catch (error) {
    state.distrust ||= hasErrno(error, 'EIO');
    throw error;
  }
}

function resume(site: Site, state: State, resumption: Operations['resume']['argument']): RootIdentity {
  state.resumption = resumption;
  return identityOf(held(site, state));
}

function lookup(site: Site, state: State, key: PackageKey): string | undefined {
  assertKey(key);
  return withRoot(site, state, (root) => {
    const namespace = openNamespace(site, { root }, key.namespace);
    if (namespace === undefined) return undefined;
    try {
      const standing = standingAt(site.files, namespace, key.intent);
      if (standing.kind !== 'ours' || !isThere(site, root, standing.entry)) return undefined;
      return parseEntry(standing.entry)?.digest;
    } finally {
      site.files.close(namespace);
    }
  });
}

function isThere(site: Site, root: Root, entry: string): boolean {
  try {
    return site.files.stat(root.store, entry).kind === 'directory';
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function inventory(site: Site, state: State): Inventory {
  return withRoot(site, state, (root) => {
    const { links, foreign, unreadable } = scanRoot(site, root);
    const packages = links.map(({ namespace, intent, entry }) => ({
      namespace,
      intent,
      digest: parseEntry(entry)?.digest ?? '',
    }));
    return { packages, foreign: [...foreign, ...unreadable] };
  });
}

/** Uses the root that is held, else opens it for this one call. */
function withRoot<T>(site: Site, state: State, use: (root: Root) => T): T {
  if (state.tenure !== undefined) {
    assertSameRoot(site, state.tenure.root);
    return use(state.tenure.root);
  }
  const root = openRoot(site);
  if (root === undefined) throw failed('RootUnusable', `package root is missing: ${site.rootPath}`);
  try {
    return use(root);
  } finally {
    closeRoot(site.files, root);
  }
}

function held(site: Site, state: State): Tenure {
  if (state.overtaken) throw overtaken();
  if (state.tenure !== undefined) return state.tenure;
  if (state.resumption === undefined)
    throw failed('LeadershipLost', 'nothing may be published before the root was claimed');
  state.tenure = resumeRoot(site, state.resumption.epoch, state.resumption.closed);
  state.resumption = undefined;
  return state.tenure;
}

function noticeEnd(site: Site, state: State): void {
  if (state.tenure === undefined) return;
  try {
    assertTenure(site.files, state.tenure);
  } catch (error) {
    state.overtaken ||= error instanceof Failure && error.reason === 'LeadershipLost';
  }
}

function overtaken(): Failure {
  return failed('LeadershipLost', 'another leader has taken over; this process steps down');
}

function identityOf({ root, epoch }: Tenure): RootIdentity {
  return { rootId: root.rootId, epoch };
}

function refusal(id: number, failure: Failure): Answer {
  return { id, ok: false, failure: { class: failure.class, reason: failure.reason, message: failure.message } };
}
