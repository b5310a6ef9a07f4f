import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AttachedControlPlane } from './attached.ts';

/** Installs every CRD of the folder and waits until the server serves it. Returns the number of files. */
export async function installCrds(controlPlane: AttachedControlPlane, folder: string): Promise<number> {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.yaml')) : [];
  if (files.length === 0) return 0;
  const paths = files.flatMap((name) => ['-f', join(folder, name)]);
  await controlPlane.kubectl(['apply', '--server-side', ...paths]);
  await controlPlane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...paths]);
  return files.length;
}
