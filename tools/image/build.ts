/** Assembles the operator's image without a container engine: what the Dockerfile makes, as an OCI archive. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../build/bundle.ts';
import { type WrittenArchive, writeArchive } from './archive.ts';
import { baseLayer } from './base-layer.ts';
import { appLayer, imageConfig, readManifest, revisionOf } from './layout.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface BuildOptions {
  readonly out: string;
  readonly ref?: string;
  /** The commit that the label names. Default: that of a checkout without changes. */
  readonly revision?: string;
}

export interface BuiltImage extends WrittenArchive {
  /** The archive. */
  readonly path: string;
  readonly ref: string;
}

/** The name that the chart uses; no registry serves it. */
export function defaultRef(): string {
  return `localhost/patchgen:${readManifest(ROOT).version}`;
}

/**
 * Builds the bundle and writes the image for this machine's architecture to `out`. The same sources, dependencies and libraries give
 * the same digest. SOURCE_DATE_EPOCH dates it (https://reproducible-builds.org/specs/source-date-epoch). Throws with what is missing.
 */
export async function buildImage(options: BuildOptions): Promise<BuiltImage> {
  const { out, ref = defaultRef(), revision = revisionOf(ROOT) } = options;
  const base = baseLayer(ROOT);
  const folder = await mkdtemp(join(tmpdir(), 'patchgen-image-'));
  try {
    const app = appLayer(dirname(await bundle(join(folder, 'dist'))));
    const created = createdAt(process.env.SOURCE_DATE_EPOCH);
    const config = imageConfig(readManifest(ROOT), {
      ...(created === undefined ? {} : { created }),
      ...(revision === undefined ? {} : { revision }),
    });
    const layers = [
      { about: 'Node.js with its libraries, users and certificates', entries: base },
      { about: 'Patchgen', entries: app },
    ];
    const written = await writeArchive({ layers, ref, config, out, ...(created === undefined ? {} : { created }) });
    return { path: out, ref, ...written };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function createdAt(epoch: string | undefined): number | undefined {
  if (epoch === undefined || epoch === '') return undefined;
  if (!/^\d{1,11}$/.test(epoch)) throw new Error(`SOURCE_DATE_EPOCH is no number of seconds: ${epoch}`);
  return Number(epoch);
}
