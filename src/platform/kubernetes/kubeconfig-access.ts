import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { AccessError, type ClusterAccess, type Credentials, type TlsIdentity } from './cluster-access.ts';
import { type Entry, type Kubeconfig, pathField, type Selection, textField } from './kubeconfig.ts';
import { type PluginCredentials, pluginCredentials } from './plugin-credentials.ts';
import { RefreshedCredentials } from './refreshed.ts';

/** Access by a context of a kubeconfig; the current one by default. Rejects with AccessError when it leads nowhere. */
export async function kubeconfigAccess(
  config: Kubeconfig,
  contextName: string | undefined,
  clock: Clock,
): Promise<ClusterAccess> {
  const selection = selected(config, contextName);
  const { context, cluster, user } = selection;
  const needsPlugin = user?.fields['exec'] !== undefined || user?.fields['auth-provider'] !== undefined;
  const source = new RefreshedCredentials(async () => {
    const own = { headers: await headersOf(user), tls: await tlsOf(cluster, user) };
    return needsPlugin ? merged(own, await pluginCredentials(selection)) : own;
  }, clock);
  await source.credentials();
  return {
    server: selection.server,
    namespace: textField(context, 'namespace') ?? 'default',
    description: `context "${context.name}" of ${config.paths.join(', ')}`,
    credentials: () => source.credentials(),
    reload: () => source.reload(),
  };
}

function selected(config: Kubeconfig, contextName: string | undefined): Selection {
  const files = config.paths.join(', ');
  const known = config.contexts.map(({ name }) => name).join(', ') || 'none';
  const name = contextName ?? config.currentContext;
  if (name === undefined) throw new AccessError(`${files} has no current context; its contexts are: ${known}`);
  const context = config.contexts.find((each) => each.name === name);
  if (context === undefined) throw new AccessError(`${files} has no context "${name}"; its contexts are: ${known}`);

  const cluster = config.clusters.find((each) => each.name === textField(context, 'cluster'));
  const server = textField(cluster, 'server');
  if (cluster === undefined || server === undefined || !/^https?:$/.test(URL.parse(server)?.protocol ?? '')) {
    throw new AccessError(`context "${name}" of ${files} leads to no cluster with a server address`);
  }
  if (textField(cluster, 'proxy-url') !== undefined) {
    throw new AccessError(`cluster "${cluster.name}" of ${files} has a proxy-url, which is not supported`);
  }
  const userName = textField(context, 'user');
  const user = config.users.find((each) => each.name === userName);
  if (userName !== undefined && user === undefined) {
    throw new AccessError(`context "${name}" of ${files} names the user "${userName}", who is not there`);
  }
  // Dropping a part of an impersonation would act with other rights than the file says.
  for (const field of ['as-uid', 'as-groups', 'as-user-extra']) {
    if (user?.fields[field] !== undefined) {
      throw new AccessError(`user "${user.name}" of ${files} has ${field}, which is not supported`);
    }
  }
  return { context, cluster, user, server };
}

async function headersOf(user: Entry | undefined): Promise<Readonly<Record<string, string>>> {
  const authorization = await authorizationOf(user);
  const as = textField(user, 'as');
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...(as === undefined ? {} : { 'impersonate-user': headerText(as) }),
  };
}

/** The API server reads UTF-8 in headers; Node and undici send each character of a header as one byte, and refuse larger ones. */
const headerText = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

async function authorizationOf(user: Entry | undefined): Promise<string | undefined> {
  // The file wins over the field, as in client-go: it is the one that gets rotated.
  const tokenFile = pathField(user, 'tokenFile');
  const token = tokenFile === undefined ? textField(user, 'token') : (await fileText(tokenFile)).trim();
  if (token !== undefined) return `Bearer ${token}`;
  const name = textField(user, 'username');
  if (name === undefined) return undefined;
  return `Basic ${Buffer.from(`${name}:${textField(user, 'password') ?? ''}`).toString('base64')}`;
}

async function tlsOf(cluster: Entry, user: Entry | undefined): Promise<TlsIdentity> {
  const ca = await pemOf(cluster, 'certificate-authority');
  const cert = await pemOf(user, 'client-certificate');
  const key = await pemOf(user, 'client-key');
  const servername = textField(cluster, 'tls-server-name');
  return {
    verify: cluster.fields['insecure-skip-tls-verify'] !== true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/** `<name>-data` in base64, which wins as in client-go, or the file that `<name>` leads to. */
async function pemOf(entry: Entry | undefined, name: string): Promise<string | undefined> {
  const data = textField(entry, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = pathField(entry, name);
  return path === undefined ? undefined : fileText(path);
}

async function fileText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AccessError(`${path}, which the kubeconfig names, is not readable (${error.code ?? 'unknown error'})`);
  });
  if (text.trim() === '') throw new AccessError(`${path}, which the kubeconfig names, is empty`);
  return text;
}

function merged(own: Credentials, plugin: PluginCredentials): Credentials {
  return { headers: { ...own.headers, ...plugin.headers }, tls: { ...own.tls, ...plugin.tls } };
}
