/** The command lines of the three programs, each in one place, and the audit policy. */
import { join } from 'node:path';

export interface Ports {
  readonly api: number;
  readonly etcdClient: number;
  readonly etcdPeer: number;
}

/**
 * Every write is recorded once, after its response, and so is every read of a service account: operators run as one, and
 * their rights are compared with what they did. A watch is recorded when it begins, and when it ends.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', userGroups: ['system:serviceaccounts'] },
    { level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'None' },
  ],
};

export function etcdArguments(dir: string, ports: Ports, unsafeNoFsync: boolean): string[] {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    `--unsafe-no-fsync=${unsafeNoFsync}`,
    '--logger=zap',
    '--log-level=warn',
  ];
}

export function apiServerArguments(dir: string, ports: Ports, auditLogPath: string | undefined): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    `--cert-dir=${dir}`,
    `--secure-port=${ports.api}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--tls-cert-file=${join(dir, 'server.crt')}`,
    `--tls-private-key-file=${join(dir, 'server.key')}`,
    `--client-ca-file=${join(dir, 'ca.crt')}`,
    `--token-auth-file=${join(dir, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(dir, 'service-account.pub')}`,
    `--service-account-signing-key-file=${join(dir, 'service-account.key')}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--disable-admission-plugins=ServiceAccount',
    '--allow-privileged=true',
    ...(auditLogPath === undefined
      ? []
      : [`--audit-log-path=${auditLogPath}`, `--audit-policy-file=${join(dir, 'audit-policy.json')}`]),
  ];
}

/** Owner garbage collection, namespace deletion, Deployments, roles made of others: what tests of an operator need; no scheduler, no nodes. */
export function controllerManagerArguments(dir: string, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--controllers=deployment-controller,replicaset-controller,statefulset-controller,garbage-collector-controller,namespace-controller,serviceaccount-controller,clusterrole-aggregation-controller',
    '--leader-elect=false',
    '--secure-port=0',
    `--service-account-private-key-file=${join(dir, 'service-account.key')}`,
  ];
}
