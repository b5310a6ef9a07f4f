import type { Replica } from './replica.ts';
import type { Stage } from './stage.ts';

export interface Fault {
  readonly name: string;
  /** Does it to the leader. What it returns undoes it. */
  strike(stage: Stage, leader: Replica): Promise<(() => void) | undefined>;
  /** How the leader ends, and when: before its successor is at work, or only when the fault is undone. Undefined: it stays. */
  readonly ends?: { readonly code: number | null; readonly when: 'at once' | 'undone' };
  /** How many intents change just before. Default 6. */
  readonly changes?: number;
  /** It hears of its loss only with its next renewal: until then it works, and the Event of what it did last may be lost. */
  readonly worksOn?: true;
}

const leasePath = ({ options }: Stage): string =>
  `/apis/coordination.k8s.io/v1/namespaces/default/leases/${options.name}`;

async function handTheLeaseTo(stage: Stage, holderIdentity: string): Promise<undefined> {
  const edit = { spec: { holderIdentity } };
  await stage.options.world.plane.request('PATCH', leasePath(stage), edit, 'application/merge-patch+json');
}

/** What can happen to a leader. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'killed',
    ends: { code: null, when: 'at once' },
    strike: async (_, leader) => void leader.process.signal('SIGKILL'),
  },
  {
    name: 'stopped past the lease, then continued',
    ends: { code: 64, when: 'undone' },
    strike: async (_, leader) => {
      leader.process.signal('SIGSTOP');
      return () => leader.process.signal('SIGCONT');
    },
  },
  {
    name: 'cut off from the API server, then connected again',
    ends: { code: 64, when: 'at once' },
    strike: async (_, { gate }) => {
      gate.shut();
      return () => gate.open();
    },
  },
  {
    name: 'blocked in its event loop past the lease',
    ends: { code: 64, when: 'undone' },
    strike: async (_, leader) => leader.block(),
  },
  {
    name: 'deprived of its Lease object',
    strike: async (stage) => void (await stage.options.world.plane.request('DELETE', leasePath(stage))),
  },
  {
    name: 'edited out of its Lease, for nobody known',
    ends: { code: 64, when: 'at once' },
    worksOn: true,
    strike: (stage) => handTheLeaseTo(stage, 'somebody'),
  },
  {
    name: 'edited out of its Lease, for a standby',
    ends: { code: 64, when: 'at once' },
    worksOn: true,
    strike: (stage, leader) => handTheLeaseTo(stage, stage.living.find((one) => one !== leader)?.identity ?? ''),
  },
];
