/** Reads OCI archives back: for tests, and to compare images. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ImageConfig } from './archive.ts';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ReadArchive {
  /** What names the image. */
  readonly index: Descriptor;
  readonly config: {
    readonly architecture: string;
    readonly created?: string;
    readonly config: ImageConfig;
    readonly rootfs: { readonly diff_ids: readonly string[] };
    readonly history: readonly unknown[];
  };
  /** What `docker load` reads; empty where there is nothing for it. */
  readonly docker: readonly {
    readonly Config: string;
    readonly RepoTags: readonly string[];
    readonly Layers: readonly string[];
  }[];
  /** Compressed layers, lowest first. */
  readonly layers: readonly string[];
}

/** Reads an OCI archive as an engine does: every blob is looked up by its digest, and must be what the digest says. Throws otherwise. */
export function readArchive(archive: string, folder: string): ReadArchive {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  const json = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'));
  if ((json('oci-layout') as { imageLayoutVersion: string }).imageLayoutVersion !== '1.0.0')
    throw new Error('no OCI layout');
  const blob = ({ digest, size }: Descriptor): string => {
    const path = `blobs/${digest.replace(':', '/')}`;
    const content = readFileSync(join(folder, path));
    if (sha256(content) !== digest || content.length !== size)
      throw new Error(`${digest}: not what the descriptor says`);
    return path;
  };
  const { manifests } = json('index.json') as { manifests: readonly Descriptor[] };
  const [index, ...others] = manifests;
  if (index === undefined || others.length > 0) throw new Error('not one image');
  const manifest = json(blob(index)) as { config: Descriptor; layers: readonly Descriptor[] };
  const config = json(blob(manifest.config)) as ReadArchive['config'];
  const layers = manifest.layers.map((layer) => join(folder, blob(layer)));
  const diffs = layers.map((path) => sha256(gunzipSync(readFileSync(path))));
  if (diffs.join() !== config.rootfs.diff_ids.join()) throw new Error('the layers are not what the configuration says');
  return {
    index,
    config,
    docker: existsSync(join(folder, 'manifest.json')) ? (json('manifest.json') as ReadArchive['docker']) : [],
    layers,
  };
}

/** Puts the layers over each other, owners included where this process may. */
export function unpack(layers: readonly string[], rootfs: string): void {
  mkdirSync(rootfs, { recursive: true });
  for (const layer of layers) execFileSync('tar', ['-xpzf', layer, '-C', rootfs]);
}

const sha256 = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
