import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES_NAMESPACE } from './samples.ts';
import type { Volume } from './volume.ts';

/** Name of each package of the samples → the store entry that it leads to, as a file server would see it. */
export function linksOn(volume: Volume | undefined): Record<string, string> {
  const folder = join(volume?.folder ?? '', 'packages', SAMPLES_NAMESPACE);
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readlinkSync(join(folder, name))]));
}
