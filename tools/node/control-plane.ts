/** The command lines of etcd and the three programs of Kubernetes' control plane, as for a cluster with nodes. */
import { join } from 'node:path';
import { kubeconfigOf } from './identities.ts';
import { ADDRESS, type Folders } from './layout.ts';

const ETCD = 'http://127.0.0.1:2379';
const PEER = 'http://127.0.0.1:2380';

export function etcdCommand(program: string, { etcd }: Folders): string[] {
  return [
    program,
    `--data-dir=${etcd}`,
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    `--listen-peer-urls=${PEER}`,
    `--initial-advertise-peer-urls=${PEER}`,
    `--initial-cluster=default=${PEER}`,
    '--unsafe-no-fsync=true', // Thrown away after the run.
    '--logger=zap',
    '--log-level=warn',
  ];
}

export const auditLogOf = ({ dir }: Folders): string => join(dir, 'audit.log');

export function apiServerCommand(program: string, folders: Folders): string[] {
  const file = (name: string): string => join(folders.settings, name);
  return [
    program,
    `--etcd-servers=${ETCD}`,
    `--secure-port=${ADDRESS.apiPort}`,
    `--bind-address=${ADDRESS.node}`,
    `--advertise-address=${ADDRESS.node}`,
    `--tls-cert-file=${file('kube-apiserver.crt')}`,
    `--tls-private-key-file=${file('kube-apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('service-account.pub')}`,
    `--service-account-signing-key-file=${file('service-account.key')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--service-cluster-ip-range=${ADDRESS.services}`,
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-certificate-authority=${file('ca.crt')}`,
    `--kubelet-client-certificate=${file('kubelet-client.crt')}`,
    `--kubelet-client-key=${file('kubelet-client.key')}`,
    `--audit-log-path=${auditLogOf(folders)}`,
    `--audit-policy-file=${file('audit-policy.json')}`,
  ];
}

export function controllerManagerCommand(program: string, { settings }: Folders): string[] {
  const kubeconfig = kubeconfigOf(settings, 'controller-manager');
  return [
    program,
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--use-service-account-credentials=true',
    `--root-ca-file=${join(settings, 'ca.crt')}`,
    `--service-account-private-key-file=${join(settings, 'service-account.key')}`,
  ];
}

export function schedulerCommand(program: string, { settings }: Folders): string[] {
  const kubeconfig = kubeconfigOf(settings, 'scheduler');
  return [program, `--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'];
}
