/**
 * A real Kubernetes node on this machine, with a control plane of its own: etcd, the four programs of Kubernetes, kubelet,
 * containerd, runc and CoreDNS, all in namespaces of their own. Linux and root only; one at a time.
 */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach, type ControlPlaneFacts } from '../control-plane/attached.ts';
import { binaries } from '../setup/binaries.mjs';
import { type AttachedNode, attachNode, type NodeFacts } from './attached.ts';
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
import { pauseImage } from './pause.ts';
import { isReady } from './readiness.ts';
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

/** A node that this process started. */
export interface RealNode extends AttachedNode {
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
  // The guardian makes it once it has the lock, so that whoever waits for another node leaves nothing either.
  const dir = join(tmpdir(), `${HOST.folder}${randomBytes(4).toString('hex')}`);
  const guardian = await guardNode(dir, options.waitMs ?? 20 * 60_000, say);
  try {
    const facts = await bringUp(foldersOf(dir), guardian, programs, options, say);
    return realNode(facts, guardian);
  } catch (error) {
    await guardian.close({ keepLogs: true });
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`the node did not come up; logs are kept in ${foldersOf(dir).logs}: ${message}`, { cause: error });
  }
}

function realNode(facts: NodeFacts, guardian: NodeGuardian): RealNode {
  const state = { kept: false };
  return {
    ...attachNode(facts),
    keep() {
      state.kept = true;
      guardian.keep();
    },
    stop: async () => (state.kept ? undefined : guardian.close()),
  };
}

async function bringUp(
  folders: Folders,
  guardian: NodeGuardian,
  programs: Programs,
  options: NodeOptions,
  say: (text: string) => void,
): Promise<NodeFacts> {
  const { pid, guardianPid } = guardian;
  const { ctr, pause } = programs;
  const daemons = daemonsIn(pid, folders.logs);
  daemons.start('etcd', etcdCommand(programs.etcd, folders));
  const runtime = await containerdCommand(programs.containerd, folders);
  const shims = containerdEnvironment(programs['containerd-shim-runc-v2']);
  const containerd = daemons.start('containerd', runtime, shims);
  const plane = await startControlPlane(folders, daemons, programs);
  say('the API server is ready');
  daemons.start('coredns', await dnsCommand(programs.coredns, folders));
  await untilContainerd(pid, containerd, ctr);
  const kubelet = daemons.start('kubelet', await kubeletCommand(programs.kubelet, folders));
  daemons.start('kube-proxy', await proxyCommand(programs['kube-proxy'], folders, options.proxyMode ?? 'nftables'));
  for (const archive of [await pauseImage(pause, folders.dir), ...(options.images ?? [])]) {
    await importImage(pid, ctr, archive);
  }
  const attached = attach(plane);
  await untilAnswers(kubelet, () => isReady(attached));
  say('the node is Ready');
  return { ...plane, nodeName: NODE_NAME, pid, guardianPid, ctr, logs: folders.logs, daemons: daemons.pids() };
}

async function startControlPlane(folders: Folders, daemons: Daemons, programs: Programs): Promise<ControlPlaneFacts> {
  const { settings } = folders;
  const { token } = await writeIdentities(settings);
  const server = daemons.start('kube-apiserver', apiServerCommand(programs['kube-apiserver'], folders));
  const facts: ControlPlaneFacts = {
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
  };
  const plane = attach(facts);
  await untilAnswers(server, async () => (await plane.request('GET', '/readyz')).status === 200);
  const manager = programs['kube-controller-manager'];
  daemons.start('kube-controller-manager', controllerManagerCommand(manager, folders));
  daemons.start('kube-scheduler', schedulerCommand(programs['kube-scheduler'], folders));
  return facts;
}
