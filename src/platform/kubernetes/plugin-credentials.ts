import { AccessError, type TlsIdentity } from './cluster-access.ts';
import type { Selection } from './kubeconfig.ts';

export interface PluginCredentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Partial<TlsIdentity>;
}

/**
 * What an exec plugin or an auth provider of the kubeconfig hands out now. The official client is loaded for these only:
 * it costs 90 MB and a third of a second. A new one each time, since it keeps what a plugin said once.
 */
export async function pluginCredentials(selection: Selection): Promise<PluginCredentials> {
  const { KubeConfig } = await import('./official-client.ts');
  const { context, cluster, user, server } = selection;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: cluster.name, server, skipTLSVerify: false }],
    users: [{ name: user?.name ?? '', exec: user?.fields['exec'], authProvider: user?.fields['auth-provider'] }],
    contexts: [{ name: context.name, cluster: cluster.name, user: user?.name ?? '' }],
    currentContext: context.name,
  });
  const options: { headers?: Record<string, unknown>; cert?: unknown; key?: unknown } = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new AccessError(`the credential plugin of user "${user?.name ?? ''}" failed: ${firstLine(error)}`);
  }
  const authorization = options.headers?.['Authorization'];
  const cert = pemText(options.cert);
  const key = pemText(options.key);
  return {
    headers: typeof authorization === 'string' ? { authorization } : {},
    tls: { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) },
  };
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.slice(0, 200) ?? '';

const pemText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
