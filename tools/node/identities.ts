/** Who is who on the node: one throw-away authority, and for each component exactly the identity that a cluster gives it. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDIT_POLICY } from '../control-plane/arguments.ts';
import { createAuthority, serviceAccountKeys } from '../control-plane/certificates.ts';
import { writeKubeconfig } from '../control-plane/kubeconfig.ts';
import { ADDRESS, NODE_NAME, SERVER } from './layout.ts';

/** Component (file `<name>.kubeconfig`) → user and groups. The built-in roles of Kubernetes are bound to these. */
const CLIENTS = {
  admin: { name: 'admin', groups: ['system:masters'] },
  kubelet: { name: `system:node:${NODE_NAME}`, groups: ['system:nodes'] },
  scheduler: { name: 'system:kube-scheduler', groups: [] },
  'controller-manager': { name: 'system:kube-controller-manager', groups: [] },
  proxy: { name: 'system:kube-proxy', groups: [] },
} as const;

export interface Identities {
  /** The administrator's bearer token. */
  readonly token: string;
}

export const kubeconfigOf = (settings: string, component: keyof typeof CLIENTS): string =>
  join(settings, `${component}.kubeconfig`);

/** Writes certificates, keys and kubeconfigs into `settings`. */
export async function writeIdentities(settings: string): Promise<Identities> {
  const authority = await createAuthority();
  const write = (name: string, text: string): Promise<void> => writeFile(join(settings, name), text, { mode: 0o600 });
  const serve = async (name: string, dns: readonly string[], ips: readonly string[]): Promise<void> => {
    const { certificate, key } = await authority.issue({ use: 'server', name, dns, ips });
    await write(`${name}.crt`, certificate);
    await write(`${name}.key`, key);
  };
  const dns = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  await serve('kube-apiserver', dns, ['127.0.0.1', ADDRESS.node, ADDRESS.apiService]);
  await serve('kubelet', [NODE_NAME], [ADDRESS.node]);
  const caller = { use: 'client', name: 'kube-apiserver-kubelet-client', groups: ['system:masters'] } as const;
  const toKubelet = await authority.issue(caller);
  const accounts = serviceAccountKeys();
  const token = randomBytes(24).toString('base64url');
  await write('ca.crt', authority.certificate);
  await write('ca.key', authority.key);
  await write('kubelet-client.crt', toKubelet.certificate);
  await write('kubelet-client.key', toKubelet.key);
  await write('service-account.pub', accounts.publicKey);
  await write('service-account.key', accounts.privateKey);
  await write('tokens.csv', `${token},admin,admin,"system:masters"\n`);
  await write('audit-policy.json', JSON.stringify(AUDIT_POLICY));
  for (const [component, { name, groups }] of Object.entries(CLIENTS)) {
    const identity = await authority.issue({ use: 'client', name, groups });
    const access = { server: SERVER, authority: authority.certificate, user: name, ...identity };
    await writeKubeconfig(join(settings, `${component}.kubeconfig`), access);
  }
  return { token };
}
