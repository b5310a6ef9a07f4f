import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { eventually } from '../operator-world.ts';

const isLeading = ({ msg }: { readonly msg: string }): boolean => msg.startsWith('leading');

export const leads = ({ log }: OperatorProcess): boolean => log.some(isLeading);

/**
 * What a Deployment with maxSurge 1 and maxUnavailable 0 does: a new pod, once it is ready an old one less, and again.
 * Resolves to the new pods once one of them leads. When the leader goes first, an old pod may lead once more.
 */
export async function rollOut(
  old: readonly OperatorProcess[],
  leaderGoes: 'first' | 'last',
  fresh: () => Promise<OperatorProcess>,
): Promise<readonly OperatorProcess[]> {
  const late = (pod: OperatorProcess): number => Number(leads(pod)) * (leaderGoes === 'last' ? 1 : -1);
  const made: OperatorProcess[] = [];
  for (const pod of old.toSorted((a, b) => late(a) - late(b))) {
    made.push(await fresh());
    const code = await pod.stop();
    if (code !== 0) throw new Error(`an old pod ended with ${code}: ${JSON.stringify(pod.log.slice(-5))}`);
  }
  await eventually('a new pod leads', () => made.some(leads));
  return made;
}

/** When the first of these pods began to lead, in milliseconds of its clock. */
export function leadingSince(pods: readonly OperatorProcess[]): number {
  const times = pods.flatMap(({ log }) => log.filter(isLeading).map(({ time }) => Date.parse(String(time))));
  return Math.min(...times);
}

/** Resolves once the leader of these pods has been through so many intents. */
export async function settled(pods: readonly OperatorProcess[], intents: number): Promise<void> {
  const runs = 'controller_runtime_reconcile_total{controller="patchintent",result="success"}';
  await eventually(`the new leader has looked at ${intents} intents`, async () => {
    const counts = await Promise.all(pods.map((pod) => pod.metric(runs)));
    return counts.some((count) => (count ?? 0) >= intents);
  });
}

/** Links, store and records with what a write would change. Access times and the staging area, which each leader makes anew, do not count. */
export function fingerprint(packages: string): Readonly<Record<string, string>> {
  const paths = readdirSync(packages, { recursive: true, encoding: 'utf8' }).toSorted();
  const kept = paths.filter((path) => !path.startsWith('.patchgen/staging') && path !== '.patchgen');
  return Object.fromEntries(
    kept.map((path) => {
      const { ino, size, mode, mtimeMs, ctimeMs } = lstatSync(join(packages, path));
      return [path, [ino, size, mode, mtimeMs, ctimeMs].join(' ')];
    }),
  );
}
