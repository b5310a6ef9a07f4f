/** A real etcd and kube-apiserver (on request also kube-controller-manager) in one temporary folder, ready in about 2 s. */
import { spawn } from 'node:child_process';
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
import { type CertificateAuthority, createAuthority, serviceAccountKeys } from './certificates.ts';
import { type Child, type Guardian, guard } from './guardian.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { freePorts } from './ports.ts';

export interface ControlPlaneOptions {
  /** Also run the controllers for Deployments, owner garbage collection and namespaces. Default false. */
  readonly controllerManager?: boolean;
  /** Record every write; see `auditLogPath`. A record is there when the response is. Default false. */
  readonly auditLog?: boolean;
  /** etcd without fsync: several times faster, and right for anything that is thrown away. Default true. */
  readonly unsafeNoFsync?: boolean;
  readonly apiServerArgs?: readonly string[];
  readonly etcdArgs?: readonly string[];
}

export interface KubectlOptions {
  readonly input?: string;
  readonly kubeconfig?: string;
  /** Resolve with the code instead of throwing when kubectl fails. */
  readonly allowFailure?: boolean;
}

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface ControlPlane {
  /** The temporary folder: logs (`etcd.log`, `kube-apiserver.log`, …), certificates, data. Removed by `stop`. */
  readonly dir: string;
  /** https URL without a trailing slash. */
  readonly server: string;
  readonly caFile: string;
  /** Path of the administrator's kubeconfig (client certificate, group system:masters). */
  readonly kubeconfig: string;
  /** The administrator's bearer token. */
  readonly token: string;
  readonly auditLogPath?: string;
  readonly etcdUrl: string;
  readonly binaries: {
    readonly kubectl: string;
    readonly etcd: string;
    readonly kubeApiserver: string;
    readonly kubeControllerManager: string;
  };
  readonly apiServerPid: number;
  readonly etcdPid: number;
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** Path of a kubeconfig with a fresh client certificate for this user and these groups. */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
  /** SIGKILL; resolves when the process is gone. */
  killApiServer(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves when it is ready. */
  startApiServer(): Promise<void>;
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
  const etcd = guardian.start('etcd', binaries.etcd, [
    ...etcdArguments(dir, ports, options.unsafeNoFsync ?? true),
    ...(options.etcdArgs ?? []),
  ]);
  const authority = await createAuthority();
  const token = randomBytes(24).toString('base64url');
  await writeIdentities(dir, authority, token);
  const kubeconfigFor = issuer(dir, server, authority);
  const kubeconfig = await kubeconfigFor('admin', ['system:masters']);
  await until(dir, 'etcd', etcd, async () => (await fetch(`${etcdUrl}/health`)).ok);

  const startServer = async (): Promise<Child> => {
    const args = [...apiServerArguments(dir, ports, auditLogPath), ...(options.apiServerArgs ?? [])];
    const child = guardian.start('kube-apiserver', binaries.kubeApiserver, args);
    await until(dir, 'kube-apiserver', child, () => isReady(server, authority.certificate, token));
    return child;
  };
  let apiServer = await startServer();
  if (options.controllerManager === true) {
    const args = controllerManagerArguments(dir, kubeconfig);
    guardian.start('kube-controller-manager', binaries.kubeControllerManager, args);
  }
  return {
    dir,
    server,
    caFile: join(dir, 'ca.crt'),
    kubeconfig,
    token,
    ...(auditLogPath === undefined ? {} : { auditLogPath }),
    etcdUrl,
    binaries,
    etcdPid: etcd.pid,
    get apiServerPid() {
      return apiServer.pid;
    },
    kubectl: (args, kubectlOptions) => runKubectl(binaries.kubectl, dir, kubeconfig, args, kubectlOptions),
    kubeconfigFor,
    killApiServer: () => apiServer.kill('SIGKILL'),
    startApiServer: async () => {
      apiServer = await startServer();
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
    'server.crt': served.certificate,
    'server.key': served.key,
    'service-account.pub': accounts.publicKey,
    'service-account.key': accounts.privateKey,
    'tokens.csv': `${token},admin,admin,"system:masters"\n`,
    'audit-policy.json': JSON.stringify(AUDIT_POLICY),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
}

function issuer(dir: string, server: string, authority: CertificateAuthority): ControlPlane['kubeconfigFor'] {
  return async (user, groups = []) => {
    const identity = await authority.issue({ use: 'client', name: user, groups });
    const path = join(dir, `${user.replaceAll(/[^a-zA-Z0-9]+/g, '-')}-${randomBytes(4).toString('hex')}.kubeconfig`);
    await writeFile(path, kubeconfigText({ server, authority: authority.certificate, user, ...identity }), {
      mode: 0o600,
    });
    return path;
  };
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

function runKubectl(
  program: string,
  dir: string,
  kubeconfig: string,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      KUBECONFIG: options.kubeconfig ?? kubeconfig,
      KUBECACHEDIR: join(dir, 'kubectl-cache'),
    };
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (exit) => {
      const code = exit ?? 128;
      if (code === 0 || options.allowFailure === true) resolve({ stdout, stderr, code });
      else reject(new Error(`kubectl ${args.join(' ')} ended with code ${code}: ${stderr.trim()}`));
    });
    child.stdin.on('error', () => undefined); // It may end without reading what we send.
    child.stdin.end(options.input ?? '');
  });
}
