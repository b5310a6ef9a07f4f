/**
 * A real Kubernetes node on this machine, with a control plane of its own: etcd, the four programs of Kubernetes, kubelet,
 * containerd, runc and CoreDNS, all in namespaces of their own. Linux and root only; one at a time.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttachedControlPlane, attach } from '../control-plane/attached.ts';
import { binaries } from '../setup/binaries.mjs';
import { containerdCommand, containerdEnvironment } from './containerd.ts';
import {
  apiServerCommand,
  auditLogOf,
  controllerManagerCommand,
  etcdCommand,
  schedulerCommand,
} from './control-plane.ts';
import { type Daemons, daemonsIn, untilAnswers } from './daemons.ts';
import { guardNode, type NodeGuardian } from './guardian.ts';
import { kubeconfigOf, writeIdentities } from './identities.ts';
import { importImage, untilContainerd } from './images.ts';
import { kubeletCommand } from './kubelet.ts';
import { type Folders, foldersOf, HOST, NODE_NAME, SERVER } from './layout.ts';
import { inNetwork, inside } from './namespaces.ts';
import { pauseImage } from './pause.ts';
import { type Ran, run } from './run.ts';
import { dnsCommand, type ProxyMode, proxyCommand } from './services.ts';
import { machine, obstacle } from './suitable.ts';

/** What a node needs besides what is installed on the machine. */
export const NODE_PROGRAMS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'coredns',
  'pause',
] as const;

type Programs = Readonly<Record<(typeof NODE_PROGRAMS)[number], string>>;

export interface NodeOptions {
  /** OCI archives to import before the node is ready. */
  readonly images?: readonly string[];
  /** How long to wait for another node on this machine to end; default 20 minutes. */
  readonly waitMs?: number;
  /** Default nftables. */
  readonly proxyMode?: ProxyMode;
  /** Gets one line for each stage. */
  readonly say?: (text: string) => void;
}

/** `kubectl`, `request` and `kubeconfigFor` work as on every control plane of ours; the audit log is always on. */
export interface RealNode extends AttachedControlPlane {
  readonly name: string;
  /** Logs of all daemons, and of pods below `pods/`. */
  readonly logs: string;
  /** SIGTERM to this process takes the node down, also after `keep`. */
  readonly guardianPid: number;
  importImage(archive: string): Promise<void>;
  /** Runs a program in the node's mount, network and process namespaces; absolute paths only. */
  inside(command: readonly string[], options?: { readonly allowFailure?: boolean }): Promise<Ran>;
  /** Runs a program of the machine in the node's network, where Services and pods can be reached. */
  inNetwork(command: readonly string[], options?: { readonly allowFailure?: boolean }): Promise<Ran>;
  /** Resident bytes of each daemon. */
  memory(): ReadonlyMap<string, number>;
  /** The node outlives this process; `stop` does nothing any more. */
  keep(): void;
  /** Stops everything and takes it away; also happens when this process dies, however it dies. */
  stop(): Promise<void>;
}

/** Resolves once the node is Ready. Throws with what is missing, who is in the way, or the log that matters. */
export async function startNode(options: NodeOptions = {}): Promise<RealNode> {
  const why = obstacle(machine());
  if (why !== undefined) throw new Error(why);
  const say = options.say ?? (() => undefined);
  const programs = await binaries(NODE_PROGRAMS);
  const dir = await mkdtemp(join(tmpdir(), HOST.folder));
  const guardian = await guardNode(dir, options.waitMs ?? 20 * 60_000, say);
  try {
    return await bringUp(dir, guardian, programs, options, say);
  } catch (error) {
    await guardian.close({ keepLogs: true });
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`the node did not come up; logs are kept in ${foldersOf(dir).logs}: ${message}`, { cause: error });
  }
}

async function bringUp(
  dir: string,
  guardian: NodeGuardian,
  programs: Programs,
  options: NodeOptions,
  say: (text: string) => void,
): Promise<RealNode> {
  const folders = foldersOf(dir);
  const daemons = daemonsIn(guardian.pid, folders.logs);
  daemons.start('etcd', etcdCommand(programs.etcd, folders));
  const containerd = daemons.start(
    'containerd',
    await containerdCommand(programs.containerd, folders),
    containerdEnvironment(programs['containerd-shim-runc-v2']),
  );
  const plane = await startControlPlane(folders, daemons, programs);
  say('the API server is ready');
  const proxyMode = options.proxyMode ?? 'nftables';
  daemons.start('coredns', await dnsCommand(programs.coredns, folders));
  await untilContainerd(guardian.pid, containerd, programs.ctr);
  const kubelet = daemons.start('kubelet', await kubeletCommand(programs.kubelet, folders));
  daemons.start('kube-proxy', await proxyCommand(programs['kube-proxy'], folders, proxyMode));
  for (const archive of [await pauseImage(programs.pause, dir), ...(options.images ?? [])]) {
    await importImage(guardian.pid, programs.ctr, archive);
  }
  say('images are imported');
  await untilAnswers(kubelet, () => isReady(plane));
  say('the node is Ready');
  return realNode(plane, folders, guardian, daemons, programs);
}

function realNode(
  plane: AttachedControlPlane,
  folders: Folders,
  guardian: NodeGuardian,
  daemons: Daemons,
  programs: Programs,
): RealNode {
  const state = { kept: false };
  return {
    ...plane,
    name: NODE_NAME,
    logs: folders.logs,
    guardianPid: guardian.guardianPid,
    importImage: (archive) => importImage(guardian.pid, programs.ctr, archive),
    inside: (command, options) => run(inside(guardian.pid, command), options),
    inNetwork: (command, options) => run(inNetwork(guardian.pid, command), options),
    memory: daemons.memory,
    keep() {
      state.kept = true;
      guardian.keep();
    },
    stop: async () => (state.kept ? undefined : guardian.close()),
  };
}

async function startControlPlane(
  folders: Folders,
  daemons: Daemons,
  programs: Programs,
): Promise<AttachedControlPlane> {
  const { settings } = folders;
  const { token } = await writeIdentities(settings);
  const server = daemons.start('kube-apiserver', apiServerCommand(programs['kube-apiserver'], folders));
  const plane = attach({
    dir: settings,
    server: SERVER,
    caFile: join(settings, 'ca.crt'),
    kubeconfig: kubeconfigOf(settings, 'admin'),
    token,
    auditLogPath: auditLogOf(folders),
    etcdUrl: '', // It listens inside the node's network only.
    binaries: {
      kubectl: programs.kubectl,
      etcd: programs.etcd,
      kubeApiserver: programs['kube-apiserver'],
      kubeControllerManager: programs['kube-controller-manager'],
    },
  });
  await untilAnswers(server, async () => (await plane.request('GET', '/readyz')).status === 200);
  const manager = programs['kube-controller-manager'];
  daemons.start('kube-controller-manager', controllerManagerCommand(manager, folders));
  daemons.start('kube-scheduler', schedulerCommand(programs['kube-scheduler'], folders));
  return plane;
}

interface NodeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function isReady(plane: AttachedControlPlane): Promise<boolean> {
  const { body } = await plane.request('GET', `/api/v1/nodes/${NODE_NAME}`);
  return ((body as NodeObject).status?.conditions ?? []).some((it) => it.type === 'Ready' && it.status === 'True');
}
