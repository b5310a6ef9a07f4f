import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttachedControlPlane } from './attached.ts';

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/** Installs every CRD of the folder and resolves when the server serves them. Returns the number of files. */
export async function installCrds(controlPlane: AttachedControlPlane, folder: string): Promise<number> {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.yaml')) : [];
  for (const name of files) {
    const path = join(folder, name);
    const { stdout } = await controlPlane.kubectl(['apply', '--server-side', '-o', 'json', '-f', path]);
    await untilServed(controlPlane, JSON.parse(stdout) as Definition);
  }
  return files.length;
}

/**
 * Later than Established, after which the server answers 404 for a moment, or 429 "storage is (re)initializing". And unlike
 * `kubectl wait`, which fails on a CRD whose conditions are still null.
 */
async function untilServed(controlPlane: AttachedControlPlane, { spec }: Definition): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (const { name } of spec.versions.filter((version) => version.served)) {
    const path = `/apis/${spec.group}/${name}/${spec.names.plural}?limit=1`;
    for (;;) {
      const { status } = await controlPlane.request('GET', path);
      if (status === 200) break;
      if (Date.now() > deadline) throw new Error(`${path} still answers ${status} a minute after the CRD was applied`);
      await sleep(50);
    }
  }
}
