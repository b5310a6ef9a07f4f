import type { Settings } from '../../config.ts';
import type { Log } from '../../platform/log.ts';
import type { Held } from '../../reconcile/collection/collection.ts';
import type { Deps } from '../../reconcile/deps.ts';

export interface HeldReporterOptions {
  readonly settings: Pick<Settings, 'leaderElectionId'>;
  readonly leaseNamespace: string;
  readonly events: Deps['events'];
  readonly metrics: { set(counts: ReadonlyMap<string, number>): void };
  readonly log: Log;
}

/** Says what removals are held: by log, metric, and a Warning Event on the Lease, where the confirmation belongs too. */
export function heldReporter(options: HeldReporterOptions): (held: Held | undefined) => void {
  const { settings, leaseNamespace, events, metrics, log } = options;
  const name = settings.leaderElectionId;
  return (held) => {
    metrics.set(new Map(Object.entries(held?.counts ?? {})));
    if (held === undefined) return log.info({}, 'no removals are held any more');
    const causes = Object.keys(held.counts).join(', ');
    const shown = held.keys.slice(0, 5).join(', ') + (held.keys.length > 5 ? ', …' : '');
    const note =
      `${held.keys.length} packages without an intent are kept (${causes}): ${shown}. They go after an hour of absence, ` +
      `or at once with: kubectl annotate lease -n ${leaseNamespace} ${name} --overwrite patchgen.dev/confirm-collection=${held.digest}`;
    log.warn({ count: held.keys.length, causes: held.counts, digest: held.digest }, 'removals held');
    const regarding = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: leaseNamespace, name };
    events.emit({ regarding, type: 'Warning', reason: 'RemovalHeld', action: 'Collect', note });
  };
}
