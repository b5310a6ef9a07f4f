import type { PatchPolicySpec } from '../../src/api/schema/patchpolicy.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { CompiledPolicy } from '../../src/policy/compile.ts';
import { type Ledger, ledgerOf } from '../../src/policy/ledger.ts';
import { claimIn } from '../../src/policy/usage-rules.ts';
import { createBooks } from '../../src/reconcile/permit/books.ts';
import type { PolicyBooks, PolicyEvent } from '../../src/reconcile/permit/books-types.ts';
import { compileStored } from '../../src/reconcile/permit/compile-stored.ts';
import { ManualClock } from './clock.ts';
import { policyInput } from './policies.ts';
import { PolicyServer, PolicyView } from './policy-server.ts';
import { seededRandom } from './random.ts';

/** The books of one leader, with its watch and its lease. */
export interface Leader {
  readonly books: PolicyBooks;
  readonly view: PolicyView;
  readonly events: PolicyEvent[];
  readonly results: string[];
  lease: boolean;
  /** The watch shows everything that the server has. */
  catchUp(): void;
}

export function leaderOf(server: PolicyServer, clock: Clock): Leader {
  const view = new PolicyView(server);
  const events: PolicyEvent[] = [];
  const results: string[] = [];
  const leader = { view, events, results, lease: true };
  const books = createBooks({
    api: server.api(),
    policies: view,
    mayWrite: () => leader.lease,
    events: { emit: (event) => events.push(event) },
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics: { policyWrite: (result) => results.push(result), reservation: (result) => results.push(result) },
  });
  const catchUp = (): void => {
    for (const name of view.catchUp()) books.policyChanged(name);
  };
  return Object.assign(leader, { books, catchUp });
}

/** A server with policies, and one leader over it. */
export function bookWorld(specs: Readonly<Record<string, PatchPolicySpec>>) {
  const clock = new ManualClock();
  const server = new PolicyServer({ clock });
  for (const [name, spec] of Object.entries(specs)) server.create(name, spec);
  return Object.assign(leaderOf(server, clock), { clock, server, another: () => leaderOf(server, clock) });
}

/** The policies as a run sees them: those that the watch shows, compiled. */
export function compiledOf(view: PolicyView, ...names: readonly string[]): readonly CompiledPolicy[] {
  return view
    .list()
    .filter(({ metadata }) => names.length === 0 || names.includes(metadata.name))
    .map(compileStored);
}

/** A change of a target by one generation of an intent. */
export function change(name: string, id: string, namespace = 'shop') {
  return policyInput({ intent: { id, namespace }, target: { name, namespace } });
}

/** The ledger in the status on the server. */
export function ledgerOn(server: PolicyServer, name: string): Ledger {
  const { rate = '' } = server.statusOf(name);
  const ledger = ledgerOf(rate);
  if (ledger === undefined) throw new Error(`policy ${name} has a ledger that can not be read`);
  return ledger;
}

/** Whether the change has its place in the status on the server. */
export function isWritten(server: PolicyServer, name: string, input: ReturnType<typeof change>): boolean {
  const { id, target } = claimIn(input);
  return ledgerOn(server, name).entries.some((entry) => entry.id === id && entry.target === target);
}
