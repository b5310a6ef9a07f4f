import type { PatchIntent } from '../../../src/api/types.ts';
import { verifyRoot } from '../../../src/kpt/verify-root.ts';
import { systemFiles } from '../../../src/platform/files/system-files.ts';
import { within } from '../../../src/platform/files/within.ts';
import type { SeenEvent } from '../operator-scenes.ts';
import { isReady } from '../operator-world.ts';
import type { Claim, Made, Witnessed } from './root-witness.ts';
import type { Act } from './trail.ts';

/** What the judge must know of a process to recognise its traces. */
export interface Suspect {
  /** Where its requests come from. */
  readonly address: string;
  readonly identity: string;
  readonly group: number | undefined;
  readonly pid: number;
  readonly renewDeadlineMs: number;
  /** When it ended; undefined while it lives. */
  readonly endedAt: number | undefined;
}

export interface Evidence {
  readonly lease: string;
  readonly namespace: string;
  /** Every process that ever ran here, in the order of their starts. */
  readonly suspects: readonly Suspect[];
  /** Of the API server. */
  readonly acts: readonly Act[];
  /** Of the package roots. */
  readonly witnessed: Witnessed;
}

/** The clock of file times ticks every 4 ms or so; that of the audit log is exact. */
const TICK_MS = 20;
/** A request that was sent in time may take so long until the server takes it, busy as the machine is. */
const ON_ITS_WAY_MS = 500;

/**
 * What is wrong with how the processes shared the work, from traces that they did not write themselves: groups and change
 * times of files, owner files of epochs, and the API server's audit log. Empty is good:
 *
 * - all that was published, on whatever root, was published by one process after the other, never in turns;
 * - each did it while the Lease was its own: after its first write of it, before the renew deadline of its last one;
 * - nobody took the Lease before the last moment at which another one could think that it leads;
 * - on each root each did it between its own claim and the next one;
 * - the same holds for what each wrote into the status of an intent;
 * - each listed the intents once, so that a takeover began with a warm cache;
 * - no reader saw a package that is not what its digest says, and no ended epoch is left in staging.
 */
export function judge(evidence: Evidence): readonly string[] {
  const { suspects, witnessed, namespace, acts } = evidence;
  const published = witnessed.made.flatMap((made) => {
    const by = suspects.find(({ group }) => group === made.group);
    return by === undefined ? [] : [{ by, at: made.at, what: made.what, made }];
  });
  const reported = suspects.flatMap((by) =>
    acts
      .filter((act) => act.from === by.address && isStatusWrite(act, namespace))
      .map((act) => ({ by, at: act.answeredAt, what: `status of ${act.name}`, act })),
  );
  return [
    ...takingTurns('publications', published),
    ...perIntent(reported).flatMap((writes) => takingTurns('status writes', writes)),
    ...published.flatMap((one) => outsideTerm(evidence, one, TICK_MS)),
    ...reported
      // What a process had sent while its network was cut may come after its end: the resourceVersion in it is the fence.
      .filter(({ by, act }) => by.endedAt === undefined || act.receivedAt <= by.endedAt)
      .flatMap((one) => outsideTerm(evidence, { ...one, at: one.act.receivedAt }, ON_ITS_WAY_MS)),
    ...earlyTakeovers(evidence),
    ...published.flatMap(({ by, made }) => outsideClaim(witnessed.claims, by, made)),
    ...unclaimed(evidence),
    ...suspects.flatMap((by) => listsOf(by, evidence)),
    ...witnessed.mixed.map((path) => `a reader saw a mixed package: ${path}`),
    ...witnessed.unended.map((root) => `more than one epoch is left under ${root}`),
  ];
}

interface Deed {
  readonly by: Suspect;
  readonly at: number;
  readonly what: string;
}

/** In the order of their times the deeds of each process stand together. */
function takingTurns(what: string, deeds: readonly Deed[]): readonly string[] {
  const ordered = deeds.toSorted((a, b) => a.at - b.at);
  const changes = ordered.filter(({ by }, n) => n > 0 && ordered[n - 1]?.by !== by);
  const doers = new Set(ordered.map(({ by }) => by)).size;
  if (changes.length <= Math.max(0, doers - 1)) return [];
  return [
    `two processes at once, by their ${what}: ${changes.map(({ by, at }) => `${by.address} at ${at}`).join(', ')}`,
  ];
}

function perIntent<T extends Deed>(deeds: readonly T[]): readonly (readonly T[])[] {
  return [...Map.groupBy(deeds, ({ what }) => what).values()];
}

/** A process may act from its first write of the Lease on, until one renew deadline after the last one that succeeded. */
function outsideTerm({ lease, acts }: Evidence, { by, at, what }: Deed, slackMs: number): readonly string[] {
  const writes = leaseWrites(acts, lease).filter(({ spec }) => spec?.holderIdentity === by.identity);
  const last = writes.findLast(({ receivedAt }) => receivedAt <= at + TICK_MS);
  if (last === undefined) return [`${by.address} acted before it held the Lease: ${what} at ${at}`];
  const late = at - (last.receivedAt + by.renewDeadlineMs);
  return late <= slackMs ? [] : [`${by.address} acted ${late.toFixed(0)} ms after its deadline: ${what} at ${at}`];
}

/** Unless the one before released it, the Lease is taken no sooner than one renew deadline after its last renewal. */
function earlyTakeovers({ lease, acts, suspects }: Evidence): readonly string[] {
  const writes = leaseWrites(acts, lease);
  return suspects.flatMap((by) => {
    const first = writes.findIndex(({ from }) => from === by.address);
    const before = writes
      .slice(0, Math.max(0, first))
      .findLast(({ from }) => suspects.some((one) => one.address === from));
    const other = suspects.find(({ address }) => address === before?.from);
    if (before === undefined || other === undefined || before.spec?.holderIdentity !== other.identity) return [];
    const early = before.receivedAt + other.renewDeadlineMs - (writes[first]?.receivedAt ?? 0);
    return early <= 0
      ? []
      : [`${by.address} took the Lease ${early.toFixed(0)} ms before ${other.address} had to let go`];
  });
}

function outsideClaim(claims: readonly Claim[], by: Suspect, { root, what, at }: Made): readonly string[] {
  const here = claims.filter((claim) => claim.root === root).toSorted((a, b) => a.epoch - b.epoch);
  const own = here.findLastIndex(({ pid }) => pid === by.pid);
  const from = here[own]?.at ?? Number.POSITIVE_INFINITY;
  const to = here[own + 1]?.at ?? Number.POSITIVE_INFINITY;
  if (own >= 0 && at >= from - TICK_MS && at <= to + TICK_MS) return [];
  return [`${by.address} published outside its epoch: ${what} at ${at}`];
}

/** Epochs of a root are claimed one after the other, each by a process that is known here. */
function unclaimed({ witnessed, suspects }: Evidence): readonly string[] {
  return witnessed.claims.flatMap(({ root, epoch, pid, at }) => {
    const older = witnessed.claims.find((other) => other.root === root && other.epoch < epoch && other.at > at);
    return [
      ...(older === undefined ? [] : [`epoch ${epoch} of ${root} was claimed before epoch ${older.epoch}`]),
      ...(suspects.some((one) => one.pid === pid) ? [] : [`epoch ${epoch} of ${root} belongs to nobody: ${pid}`]),
    ];
  });
}

function listsOf({ address }: Suspect, { acts, namespace }: Evidence): readonly string[] {
  const lists = acts.filter(
    (act) =>
      act.from === address && act.verb === 'list' && act.resource === 'patchintents' && act.namespace === namespace,
  );
  return lists.length <= 1 ? [] : [`${address} listed the intents ${lists.length} times`];
}

/** Every successful write of a Lease, in order. */
export function leaseWrites(acts: readonly Act[], lease: string): readonly Act[] {
  return acts.filter(({ resource, name, code }) => resource === 'leases' && name === lease && code < 300);
}

export function isStatusWrite({ resource, subresource, namespace, code }: Act, of: string): boolean {
  return resource === 'patchintents' && subresource === 'status' && namespace === of && code < 300;
}

/** One Event per change at the most, and none but those of changes. The changes of one intent must have different words. */
export function surplusEvents(events: readonly SeenEvent[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { reason, regarding, note, series } of events) {
    const key = `${reason} of ${regarding.name}: ${note}`;
    counts.set(key, (counts.get(key) ?? 0) + (series?.count ?? 1));
  }
  const found = [...counts].filter(([key, count]) => count > 1 || !key.startsWith('PackageWritten '));
  return found.map(([key, count]) => `${count} × ${key}`);
}

/** What is told of a package that waits for its removal. */
export const OF_NO_INTENT = ' is of no intent';

/**
 * Where the root is not what the statuses say: every Ready intent has its package, whole and with the digest that its
 * status names, under the root that it names; and there is no package but those. Empty is good.
 */
export function differences(root: string, rootId: string, intents: readonly PatchIntent[]): readonly string[] {
  const pending = intents.filter((intent) => !isReady(intent) || intent.status?.package?.root !== rootId);
  // Hashing everything is worth it only once the statuses say that all is there.
  if (pending.length > 0) return pending.map((intent) => `${keyOf(intent)} is not Ready, or claims another root`);
  const files = systemFiles();
  const verified = within(files, files.openTop(root, { followLink: true }), (top) => verifyRoot(files, top));
  const packages = new Map(verified.filter(({ path }) => !path.startsWith('.')).map((one) => [one.path, one]));
  const wrong = intents.filter((intent) => {
    const found = packages.get(keyOf(intent));
    packages.delete(keyOf(intent));
    return found?.digest !== intent.status?.package?.digest || found?.findings.length !== 0;
  });
  return [
    ...wrong.map((intent) => `${keyOf(intent)} is not on the root as its status says`),
    ...[...packages.keys()].map((key) => `${key}${OF_NO_INTENT}`),
  ];
}

const keyOf = ({ metadata }: PatchIntent): string => `${metadata.namespace}/${metadata.name}`;
