/** What makes Services work on the node: kube-proxy, and CoreDNS on the node's own address. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubeconfigOf } from './identities.ts';
import { ADDRESS, type Folders, NODE_NAME } from './layout.ts';

export type ProxyMode = 'nftables' | 'iptables';

/** Writes the settings; resolves to the command line. */
export async function proxyCommand(program: string, { settings }: Folders, mode: ProxyMode): Promise<string[]> {
  const path = join(settings, 'kube-proxy.json');
  const config = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode,
    clusterCIDR: ADDRESS.pods,
    hostnameOverride: NODE_NAME,
    clientConnection: { kubeconfig: kubeconfigOf(settings, 'proxy') },
    // These would be set for the whole machine.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
  await writeFile(path, JSON.stringify(config, undefined, 2));
  return [program, `--config=${path}`];
}

/** Names of the cluster are answered; every other name does not exist. */
export async function dnsCommand(program: string, { settings }: Folders): Promise<string[]> {
  const path = join(settings, 'Corefile');
  await writeFile(join(settings, 'resolv.conf'), `nameserver ${ADDRESS.node}\n`);
  await writeFile(
    path,
    `cluster.local:53 in-addr.arpa:53 {
  bind ${ADDRESS.node}
  errors
  kubernetes {
    kubeconfig ${kubeconfigOf(settings, 'admin')} patchgen
    pods insecure
  }
}
.:53 {
  bind ${ADDRESS.node}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`,
  );
  return [program, '-conf', path];
}
