/** A real node as its users see it; made from plain facts, so that other processes can use it as well. */
import { type AttachedControlPlane, attach, type ControlPlaneFacts } from '../control-plane/attached.ts';
import { podMemory } from './cgroups.ts';
import { importImage } from './images.ts';
import { inNetwork, inside } from './namespaces.ts';
import { residentBytes } from './processes.ts';
import { type Ran, run } from './run.ts';

/** What must be known to use it: can be passed from process to process as JSON. */
export interface NodeFacts extends ControlPlaneFacts {
  readonly nodeName: string;
  /** The first process of the node's namespaces, as the machine numbers it. */
  readonly pid: number;
  /** SIGTERM to this process takes the node down. */
  readonly guardianPid: number;
  /** Logs of all daemons (`kubelet.log`, …), and of pods below `pods/`. */
  readonly logs: string;
  /** Name of each daemon → its pid on the machine. */
  readonly daemons: Readonly<Record<string, number>>;
  readonly ctr: string;
}

/** `kubectl`, `request` and `kubeconfigFor` work as on every control plane of ours; the audit log is always on. */
export interface AttachedNode extends AttachedControlPlane, NodeFacts {
  /** Resolves once pods can use the image under the name that the OCI archive gives it. */
  importImage(archive: string): Promise<void>;
  /** Runs a program in the node's mount, network and process namespaces; absolute paths only. */
  inside(command: readonly string[], options?: { readonly allowFailure?: boolean }): Promise<Ran>;
  /** Runs a program of the machine in the node's network, where Services and pods can be reached. */
  inNetwork(command: readonly string[], options?: { readonly allowFailure?: boolean }): Promise<Ran>;
  /** Resident bytes of each daemon. */
  memory(): ReadonlyMap<string, number>;
  /** Bytes in use by the control group of a pod, without what the kernel can take back at once; 0 when there is no such pod. */
  podMemory(uid: string): number;
}

export function attachNode(facts: NodeFacts): AttachedNode {
  return {
    ...facts,
    ...attach(facts),
    importImage: (archive) => importImage(facts.pid, facts.ctr, archive),
    inside: (command, options) => run(inside(facts.pid, command), options),
    inNetwork: (command, options) => run(inNetwork(facts.pid, command), options),
    memory: () => new Map(Object.entries(facts.daemons).map(([name, pid]) => [name, residentBytes(pid)])),
    podMemory,
  };
}
