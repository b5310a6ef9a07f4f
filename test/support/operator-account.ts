import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { eventually } from './eventually.ts';
import type { KubernetesObject } from './helm.ts';
import { renderedRights } from './rendered-rights.ts';
import { isRole, type RoleObject } from './rights.ts';

/** What an operator is allowed to do follows from these values of the chart. */
export interface AccountScope {
  /** The release, which names the service account. */
  readonly name: string;
  /** Of the release, and so of the Lease. */
  readonly namespace: string;
  readonly values: object;
}

/** A service account of a real API server, and a token of it. */
export interface ServiceAccount {
  readonly username: string;
  /** Where operators read the token, again and again. */
  readonly tokenFile: string;
  /** The token that was asked for last. */
  readonly token: string;
  /** Asks the API server for another token and puts it where the operators read it. */
  rotate(): Promise<void>;
  /** Path of a kubeconfig with the token file; `server` for one behind a proxy. */
  kubeconfig(server?: string): string;
}

export interface OperatorAccount extends ServiceAccount {
  /** What the chart rendered: the account, roles and bindings. */
  readonly objects: readonly KubernetesObject[];
}

/** Creates the account with the rights that the chart gives it, and resolves once the API server knows all of them. */
export async function operatorAccount(plane: ControlPlane, scope: AccountScope): Promise<OperatorAccount> {
  const objects = await renderedRights(scope);
  const [account] = objects.filter(({ kind }) => kind === 'ServiceAccount');
  if (account === undefined) throw new Error('the chart renders no ServiceAccount');
  for (const object of objects) await put(plane, object, scope.namespace);
  const made = await serviceAccount(plane, scope.namespace, account.metadata.name);
  await untilInForce(plane, made.username, objects);
  return Object.assign(made, { objects });
}

/** Access as an account that exists. */
export async function serviceAccount(plane: ControlPlane, namespace: string, name: string): Promise<ServiceAccount> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const tokenFile = join(plane.dir, `${namespace}-${name}.token`);
  const state = { token: '' };
  const rotate = async (): Promise<void> => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 7_200 } };
    const answer = await plane.request('POST', path, body);
    if (answer.status !== 201) throw new Error(`no token: ${answer.status} ${JSON.stringify(answer.body)}`);
    state.token = (answer.body as { status: { token: string } }).status.token;
    writeFileSync(tokenFile, state.token, { mode: 0o600 });
  };
  await rotate();
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    tokenFile,
    get token() {
      return state.token;
    },
    rotate,
    kubeconfig: (server) => writeKubeconfig(plane, `${namespace}-${name}`, tokenFile, server),
  };
}

/** Resolves once every role among the objects is in force for the user. */
export async function untilInForce(
  plane: ControlPlane,
  user: string,
  objects: readonly KubernetesObject[],
): Promise<void> {
  for (const object of objects.filter(isRole)) await untilAllowed(plane, user, object);
}

const ROUTES: Readonly<Record<string, string>> = {
  ServiceAccount: 'serviceaccounts',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
};

async function put(plane: ControlPlane, object: KubernetesObject, namespace: string): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const route = ROUTES[kind];
  if (route === undefined) throw new Error(`${kind} is no part of the rights of an operator`);
  const base = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const place = kind.startsWith('Cluster') ? '' : `/namespaces/${metadata.namespace ?? namespace}`;
  const path = `${base}${place}/${route}/${metadata.name}?fieldManager=helm&force=true&fieldValidation=Strict`;
  const { status, body } = await plane.request('PATCH', path, object, 'application/apply-patch+yaml');
  if (status >= 300) throw new Error(`${kind} ${metadata.name}: ${status} ${JSON.stringify(body)}`);
}

/** The authorizer learns of roles by watches of its own, a moment after they are stored. */
async function untilAllowed(plane: ControlPlane, user: string, role: RoleObject): Promise<void> {
  const { apiGroups = [], resources = [], resourceNames = [], verbs } = role.rules[0] ?? { verbs: [] };
  const [resource = '', subresource] = (resources[0] ?? '').split('/');
  const resourceAttributes = {
    group: apiGroups[0],
    resource,
    verb: verbs[0],
    ...(subresource === undefined ? {} : { subresource }),
    ...(resourceNames[0] === undefined ? {} : { name: resourceNames[0] }),
    ...(role.kind === 'Role' ? { namespace: role.metadata.namespace } : {}),
  };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes },
  };
  await eventually(`${user} has what ${role.kind} ${role.metadata.name} gives`, async () => {
    const answer = await plane.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', body);
    return (answer.body as { status?: { allowed?: boolean } }).status?.allowed === true;
  });
}

function writeKubeconfig(plane: ControlPlane, account: string, tokenFile: string, server = plane.server): string {
  const authority = { 'certificate-authority-data': readFileSync(plane.caFile).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'account',
    clusters: [{ name: 'cluster', cluster: { server, ...(server.startsWith('https:') ? authority : {}) } }],
    users: [{ name: account, user: { tokenFile } }],
    contexts: [{ name: 'account', context: { cluster: 'cluster', user: account } }],
  };
  const path = join(plane.dir, `${account}-${new URL(server).port}.kubeconfig`);
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
