/** A running control plane as its users see it; made from plain facts, so that other processes can use it as well. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { restoreAuthority } from './certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** What must be known to use it: can be passed from process to process as JSON. */
export interface ControlPlaneFacts {
  /** The temporary folder: logs (`etcd.log`, `kube-apiserver.log`, …), certificates, data. Removed when it stops. */
  readonly dir: string;
  /** https URL without a trailing slash. */
  readonly server: string;
  readonly caFile: string;
  /** Path of the administrator's kubeconfig (client certificate, group system:masters). */
  readonly kubeconfig: string;
  /** The administrator's bearer token. */
  readonly token: string;
  /** One JSON record per line for every write, and every read of a service account; there only when asked for. */
  readonly auditLogPath?: string;
  readonly etcdUrl: string;
  readonly binaries: {
    readonly kubectl: string;
    readonly etcd: string;
    readonly kubeApiserver: string;
    /** Empty when none was asked for. */
    readonly kubeControllerManager: string;
  };
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

export interface Answer {
  readonly status: number;
  /** Parsed JSON, or the text where it is none. */
  readonly body: unknown;
  /** The text of the Warning headers; empty when there is none. */
  readonly warnings: string;
}

export interface AttachedControlPlane extends ControlPlaneFacts {
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** One request as the administrator, for what a test sets up or looks at; a body is sent as JSON unless told otherwise. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** Path of a kubeconfig with a fresh client certificate for this user and these groups. */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
}

export function attach(facts: ControlPlaneFacts): AttachedControlPlane {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return {
    ...facts,
    kubectl: (args, options) => runKubectl(facts, args, options),
    request: (method, path, body, contentType = 'application/json') =>
      send(facts, agent, method, path, body, contentType),
    async kubeconfigFor(user, groups = []) {
      const authority = await restoreAuthority({
        certificate: await readFile(facts.caFile, 'utf8'),
        key: await readFile(join(facts.dir, 'ca.key'), 'utf8'),
      });
      const identity = await authority.issue({ use: 'client', name: user, groups });
      const name = `${user.replaceAll(/[^a-zA-Z0-9]+/g, '-')}-${randomBytes(4).toString('hex')}.kubeconfig`;
      const path = join(facts.dir, name);
      await writeKubeconfig(path, { server: facts.server, authority: authority.certificate, user, ...identity });
      return path;
    },
  };
}

async function send(
  { server, caFile, token }: ControlPlaneFacts,
  agent: Agent,
  method: string,
  path: string,
  body: unknown,
  contentType: string,
): Promise<Answer> {
  const ca = await readFile(caFile);
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    ...(text === undefined ? {} : { 'content-type': contentType }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${server}${path}`, { method, ca, agent, headers }, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      response.on('error', reject);
      const { statusCode: status = 0, headers: answered } = response;
      response.on('end', () => resolve({ status, body: parse(received), warnings: answered.warning ?? '' }));
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error(`${method} ${path}: no answer within 60 s`)));
    sent.on('error', reject);
    sent.end(text);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function runKubectl(
  { binaries, kubeconfig, dir }: ControlPlaneFacts,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      KUBECONFIG: options.kubeconfig ?? kubeconfig,
      KUBECACHEDIR: join(dir, 'kubectl-cache'),
    };
    const child = spawn(binaries.kubectl, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
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
