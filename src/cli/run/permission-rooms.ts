import type { Settings } from '../../config.ts';
import type { Clock } from '../../platform/clock.ts';
import type { KubeClient } from '../../platform/kubernetes/client.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Random } from '../../platform/random.ts';
import { createBooks } from '../../reconcile/permit/books.ts';
import type { PolicyEvent } from '../../reconcile/permit/books-types.ts';
import { createGuard } from '../../reconcile/permit/guard.ts';
import { createPolicyApi } from '../../reconcile/permit/policy-api.ts';
import { createTargets } from '../../reconcile/plan/targets.ts';
import { timedTargets, watchedGuard } from './instruments.ts';
import type { RunningSurroundings } from './surroundings/surroundings-types.ts';
import type { TermOptions } from './term-options.ts';

export interface PermissionOptions {
  readonly settings: Settings;
  readonly client: KubeClient;
  readonly around: RunningSurroundings;
  readonly events: { emit(event: PolicyEvent): void };
  readonly mayWrite: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What stands between a plan and its package: the reader of targets, the surroundings, the guard, and the books. */
export function permissionRooms(options: PermissionOptions): Pick<TermOptions, 'world' | 'startBooks'> {
  const { settings, client, around, mayWrite, clock, metrics } = options;
  const { livePlans: live, planDryRun: dryRun, approvalGuard: enforce } = settings;
  return {
    world: {
      targets: timedTargets(createTargets(client, { clock, live, dryRun }), metrics.plans, clock),
      surroundings: around.surroundings,
      guard: watchedGuard(createGuard(client, { clock, enforce }), metrics.approvalGuard),
      clock,
    },
    startBooks: () =>
      createBooks({
        ...options,
        api: createPolicyApi(client, mayWrite),
        policies: around.policyObjects,
        metrics: metrics.books,
      }),
  };
}
