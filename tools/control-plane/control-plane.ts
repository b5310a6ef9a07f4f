/** A real etcd and kube-apiserver (on request also kube-controller-manager) in one temporary folder, ready in about 2 s. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary } from '../setup/binaries.mjs';
import {
  AUDIT_POLICY,
  apiServerArguments,
  controllerManagerArguments,
  etcdArguments,
  type Ports,
} from './arguments.ts';
import { type AttachedControlPlane, attach, type ControlPlaneFacts } from './attached.ts';
import { type CertificateAuthority, createAuthority, serviceAccountKeys } from './certificates.ts';
import { type Child, type Guardian, guard } from './guardian.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { freePorts } from './ports.ts';

export interface ControlPlaneOptions {
  /** Also run the controllers for Deployments, owner garbage collection and namespaces. Default false. */
  readonly controllerManager?: boolean;
  /** Record every write, and every read of a service account; see `auditLogPath`. A record is there when the response is. Default false. */
  readonly auditLog?: boolean;
  /** etcd without fsync: several times faster, and right for anything that is thrown away. Default true. */
  readonly unsafeNoFsync?: boolean;
  readonly apiServerArgs?: readonly string[];
  readonly etcdArgs?: readonly string[];
}

/** From and to, in milliseconds since 1970. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** A control plane that this process started and may end, kill and restart. */
export interface ControlPlane extends AttachedControlPlane {
  readonly apiServerPid: number;
  readonly etcdPid: number;
  /** When the API server was coming up: it answers before it knows all rights, and refuses then what is allowed. */
  readonly apiServerStarts: readonly TimeSpan[];
  /** SIGKILL; resolves when the process is gone. */
  killApiServer(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves when it is ready. */
  startApiServer(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. Its data is in `<dir>/etcd`. */
  killEtcd(): Promise<void>;
  /** Starts it again on the same ports with what is in `<dir>/etcd`; resolves when it is healthy. */
  startEtcd(): Promise<void>;
  /** Ends everything and removes the folder. Also happens by itself when this process dies, however it dies. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane of its own, ready to serve, with the administrator bound to system:masters.
 *
 * Throws with the last lines of the log that matters when a program does not come up; the logs are kept then, and the
 * message says where. Two at once never collide: each has its own ports and folder.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = {
    kubectl: await binary('kubectl'),
    etcd: await binary('etcd'),
    kubeApiserver: await binary('kube-apiserver'),
    kubeControllerManager: options.controllerManager === true ? await binary('kube-controller-manager') : '',
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options, binaries);
    } catch (error) {
      // Somebody took a port between our look and the program's start.
      if (!(error instanceof PortTaken) || attempt === 5) throw error;
    }
  }
}

class PortTaken extends Error {}

type Binaries = ControlPlane['binaries'];

async function startOnce(options: ControlPlaneOptions, binaries: Binaries): Promise<ControlPlane> {
  const dir = await mkdtemp(join(tmpdir(), 'patchgen-control-plane-'));
  const guardian = guard(dir);
  try {
    return await assemble(dir, guardian, options, binaries);
  } catch (error) {
    await guardian.close({ keep: !(error instanceof PortTaken) });
    throw error;
  }
}

async function assemble(
  dir: string,
  guardian: Guardian,
  options: ControlPlaneOptions,
  binaries: Binaries,
): Promise<ControlPlane> {
  const [api = 0, etcdClient = 0, etcdPeer = 0] = await freePorts(3);
  const ports: Ports = { api, etcdClient, etcdPeer };
  const server = `https://127.0.0.1:${api}`;
  const etcdUrl = `http://127.0.0.1:${etcdClient}`;
  const auditLogPath = options.auditLog === true ? join(dir, 'audit.log') : undefined;
  const launchEtcd = (): Child =>
    guardian.start('etcd', binaries.etcd, [
      ...etcdArguments(dir, ports, options.unsafeNoFsync ?? true),
      ...(options.etcdArgs ?? []),
    ]);
  const etcdIsHealthy = (child: Child): Promise<void> =>
    until(dir, 'etcd', child, async () => (await fetch(`${etcdUrl}/health`)).ok);
  let etcd = launchEtcd();
  const authority = await createAuthority();
  const token = randomBytes(24).toString('base64url');
  await writeIdentities(dir, authority, token);
  const facts: ControlPlaneFacts = {
    dir,
    server,
    etcdUrl,
    token,
    binaries,
    caFile: join(dir, 'ca.crt'),
    kubeconfig: join(dir, 'admin.kubeconfig'),
    ...(auditLogPath === undefined ? {} : { auditLogPath }),
  };
  const admin = await authority.issue({ use: 'client', name: 'admin', groups: ['system:masters'] });
  await writeKubeconfig(facts.kubeconfig, { server, authority: authority.certificate, user: 'admin', ...admin });
  await etcdIsHealthy(etcd);

  const apiServerStarts: TimeSpan[] = [];
  const startServer = async (): Promise<Child> => {
    const from = Date.now();
    const args = [...apiServerArguments(dir, ports, auditLogPath), ...(options.apiServerArgs ?? [])];
    const child = guardian.start('kube-apiserver', binaries.kubeApiserver, args);
    await until(dir, 'kube-apiserver', child, () => isReady(server, authority.certificate, token));
    apiServerStarts.push({ from, to: Date.now() });
    return child;
  };
  let apiServer = await startServer();
  if (options.controllerManager === true) {
    const args = controllerManagerArguments(dir, facts.kubeconfig);
    guardian.start('kube-controller-manager', binaries.kubeControllerManager, args);
  }
  return {
    ...attach(facts),
    apiServerStarts,
    get etcdPid() {
      return etcd.pid;
    },
    get apiServerPid() {
      return apiServer.pid;
    },
    killApiServer: () => apiServer.kill('SIGKILL'),
    startApiServer: async () => {
      apiServer = await startServer();
    },
    killEtcd: () => etcd.kill('SIGKILL'),
    startEtcd: async () => {
      etcd = launchEtcd();
      await etcdIsHealthy(etcd);
    },
    stop: () => guardian.close(),
  };
}

async function writeIdentities(dir: string, authority: CertificateAuthority, token: string): Promise<void> {
  const dns = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const served = await authority.issue({ use: 'server', name: 'kube-apiserver', dns, ips: ['127.0.0.1', '10.0.0.1'] });
  const accounts = serviceAccountKeys();
  const files = {
    'ca.crt': authority.certificate,
    'ca.key': authority.key,
    'server.crt': served.certificate,
    'server.key': served.key,
    'service-account.pub': accounts.publicKey,
    'service-account.key': accounts.privateKey,
    'tokens.csv': `${token},admin,admin,"system:masters"\n`,
    'audit-policy.json': JSON.stringify(AUDIT_POLICY),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
}

/** Waits for a program to answer. A minute is far more than any start takes; it only ends what would hang. */
async function until(dir: string, name: string, child: Child, answers: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await answers().catch(() => false))) {
    const code = child.exited();
    if (code === null && Date.now() < deadline) {
      await sleep(25);
      continue;
    }
    const log = (await readFile(join(dir, `${name}.log`), 'utf8')).trimEnd();
    if (code !== null && log.includes('address already in use')) throw new PortTaken(log);
    const what = code === null ? 'did not answer within 60 s' : `ended with code ${code}`;
    const tail = log.split('\n').slice(-20).join('\n');
    throw new Error(`${name} ${what}; logs are kept in ${dir}; its last lines:\n${tail}`);
  }
}

function isReady(server: string, ca: string, token: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const get = request(
      `${server}/readyz`,
      { ca, agent: false, headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    get.setTimeout(5000, () => get.destroy(new Error('no answer')));
    get.on('error', reject);
    get.end();
  });
}
