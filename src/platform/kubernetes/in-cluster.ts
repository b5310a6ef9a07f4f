import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { type AccessEnvironment, AccessError, type ClusterAccess } from './cluster-access.ts';
import { RefreshedCredentials } from './refreshed.ts';

const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether the environment is that of a pod. */
export const isInCluster = (env: AccessEnvironment): boolean =>
  (env.serviceHost ?? '') !== '' && (env.servicePort ?? '') !== '';

/** Access by the service account of the pod. Token and CA are read again as the kubelet rotates them. */
export async function inClusterAccess(env: AccessEnvironment, clock: Clock): Promise<ClusterAccess> {
  const dir = env.serviceAccountDir ?? SERVICE_ACCOUNT_DIR;
  const read = async (name: string): Promise<string> => {
    const path = join(dir, name);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new AccessError(`the service account file ${path} is not readable (${error.code ?? 'unknown error'})`);
    });
    if (text.trim() === '') throw new AccessError(`the service account file ${path} is empty`);
    return text;
  };
  const source = new RefreshedCredentials(
    async () => ({
      headers: { authorization: `Bearer ${(await read('token')).trim()}` },
      tls: { ca: await read('ca.crt'), verify: true },
    }),
    clock,
  );
  await source.credentials();
  const host = env.serviceHost ?? '';
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${env.servicePort ?? ''}`,
    namespace: (await read('namespace').catch(() => 'default')).trim(),
    description: 'the service account of the pod',
    credentials: () => source.credentials(),
    reload: () => source.reload(),
  };
}
