import type { CompiledPolicy } from '../../src/policy/compile.ts';
import type { Claim } from '../../src/policy/contests.ts';
import type { Labels, Usage } from '../../src/policy/input.ts';
import type { Approval, ApprovalQuestion } from '../../src/reconcile/permit/approvals.ts';
import type { World } from '../../src/reconcile/permit/world.ts';
import type { Base } from '../../src/reconcile/plan/base.ts';

/** What stands between a plan and its package, as a test sets it. By default there is nothing: no target, no policy, nobody else. */
export class ScriptedSurroundings {
  base: Base = { state: 'not-asked' };
  /** Thrown by the next reads of the target, in order. */
  readFailures: Error[] = [];
  reads = 0;
  autoscaler: string | undefined;
  autoscalersUnknown: string | undefined;
  rival: Claim | undefined;
  policies: readonly CompiledPolicy[] | undefined = [];
  labels: ReadonlyMap<string, Labels> = new Map();
  usage: ReadonlyMap<string, Usage> = new Map();
  approvals: readonly Approval[] = [];
  guard: ApprovalQuestion['guard'] = 'not-asked';
  /** What the API server would say to the patch. */
  dryRun: () => readonly string[] = () => [];
  /** The policy that has no room, if any. */
  full: { policy: string; until: Date } | undefined;
  reserveFailures: Error[] = [];
  /** What happens while a place is written. */
  whileReserving: () => void = () => {};
  readonly reserved: string[] = [];
  readonly failed: string[] = [];

  world(clock: World['clock']): World {
    return {
      targets: {
        read: async () => {
          this.reads += 1;
          const failure = this.readFailures.shift();
          if (failure !== undefined) throw failure;
          return this.base;
        },
        dryRun: async () => this.dryRun(),
      },
      surroundings: {
        autoscalerOf: () => this.autoscaler,
        namespaceLabels: (name) => this.labels.get(name) ?? {},
        policies: () => this.policies,
        approvals: () => this.approvals,
        rivalOf: () => this.rival,
        autoscalersUnknown: () => this.autoscalersUnknown,
      },
      books: {
        usage: () => this.usage,
        reserve: async (_, input) => {
          this.whileReserving();
          const failure = this.reserveFailures.shift();
          if (failure !== undefined) throw failure;
          if (this.full === undefined) this.reserved.push(input.intent.id);
          return this.full;
        },
        failed: (_, id) => void this.failed.push(id),
      },
      guard: { state: async () => this.guard },
      clock,
    };
  }
}
