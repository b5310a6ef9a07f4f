import { GROUP, type PatchIntent, PLURAL, VERSION } from '../../api/types.ts';
import { type Claim, Contests } from '../../policy/contests.ts';
import type { Labels, Unknown } from '../../policy/input.ts';
import { CONSENT_LABEL, consents } from '../../policy/reach.ts';
import { keyOf } from '../../reconcile/key.ts';
import { claimOf } from '../../reconcile/permit/claim-of.ts';
import { projectIntent } from '../../reconcile/project.ts';
import { type ClusterReader, isSeen, mapSeen, type Seen } from './reader.ts';
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
  { intent, target, policies, allowedTargetNamespaces: bound }: Wanted,
  labels: Labels | Unknown,
): Claim | undefined {
  const isOpen = policies && (bound.size === 0 || bound.has(target.namespace));
  // Another field is no rival, so of no other namespace need be known whom it lets in.
  const letsIn = (namespace: string, from: string): boolean =>
    isOpen && namespace === target.namespace && labels !== 'unknown' && consents(labels, from);
  const own = keyOf(intent.metadata);
  const contests = new Contests();
  for (const one of [...intents.filter(({ metadata }) => keyOf(metadata) !== own), intent]) {
    const claim = claimOf(one, letsIn);
    if (claim !== undefined) contests.set(claim);
  }
  return contests.rivalOf(own);
}
