import { GROUP, type PatchIntent, PLURAL, VERSION } from '../../api/types.ts';
import { type Claim, Contests } from '../../policy/contests.ts';
import type { Labels, Unknown } from '../../policy/input.ts';
import { CONSENT_LABEL, consents } from '../../policy/reach.ts';
import { keyOf } from '../../reconcile/key.ts';
import { claimOf } from '../../reconcile/permit/claim-of.ts';
import { projectIntent } from '../../reconcile/project.ts';
import { type ClusterReader, isSeen, mapSeen, type Seen } from './reader.ts';
import type { Subject } from './subject.ts';
import type { Wanted } from './wanted.ts';
import { wellFormed } from './well-formed.ts';

/** Who has the field, by the claims of all intents that the caller may see. `labels`: of the namespace of the target. */
export async function readRival(
  reader: ClusterReader,
  wanted: Wanted,
  labels: Labels | Unknown,
): Promise<Seen<Claim | undefined>> {
  return mapSeen(await readIntents(reader, wanted.target.namespace, labels), (intents) =>
    rivalAmong(intents, wanted, labels),
  );
}

async function readIntents(
  reader: ClusterReader,
  namespace: string,
  labels: Labels | Unknown,
): Promise<Seen<readonly PatchIntent[]>> {
  const base = `/apis/${GROUP}/${VERSION}`;
  const everywhere = await reader.list(`${base}/${PLURAL}`);
  const isClosed = labels !== 'unknown' && !Object.hasOwn(labels, CONSENT_LABEL);
  // Where nobody is let in, the intents of the namespace itself are all that there can be.
  const seen =
    isSeen(everywhere) || !isClosed ? everywhere : await reader.list(`${base}/namespaces/${namespace}/${PLURAL}`);
  return mapSeen(seen, (items) => items.flatMap((item) => wellFormed(projectIntent, item)));
}

function rivalAmong(
  intents: readonly PatchIntent[],
  { subject, call, target, policies, allowedTargetNamespaces: bound }: Wanted,
  labels: Labels | Unknown,
): Claim | undefined {
  const isOpen = policies && (bound.size === 0 || bound.has(target.namespace));
  // Another field is no rival, so of no other namespace need be known whom it lets in.
  const letsIn = (namespace: string, from: string): boolean =>
    isOpen && namespace === target.namespace && labels !== 'unknown' && consents(labels, from);
  const planned = new Set(call.map(({ key }) => key));
  const contests = new Contests();
  const enter = (key: string, claim: Claim | undefined) =>
    claim === undefined ? contests.delete(key) : contests.set(claim);
  for (const one of intents) {
    const key = keyOf(one.metadata);
    if (!planned.has(key)) enter(key, claimOf(one, letsIn));
  }
  // Of two versions of one intent the later one stays, also where it wants nothing; the own one counts here in any case.
  for (const [place, one] of call.entries()) {
    if (one.key === subject.key && one !== subject) continue;
    enter(one.key, claimIn(one, place, claimOf(one === subject ? one.intent : one.asked, letsIn)));
  }
  return contests.rivalOf(subject.key);
}

/** Behind every time and so younger than all that is stored, also where the clocks differ. */
const NOT_YET = '~';
const PLACES = 9;

/** An intent that is not there yet is as old as its place among those that are planned. */
function claimIn({ key, stored }: Subject, place: number, claim: Claim | undefined): Claim | undefined {
  if (claim === undefined || stored === 'same' || stored === 'changed') return claim;
  return { ...claim, key, createdAt: NOT_YET, uid: String(place).padStart(PLACES, '0') };
}
