/**
 * Writes container images as OCI archives, without a container engine. Sources: github.com/opencontainers/image-spec (image-layout.md,
 * manifest.md, config.md, layer.md); `manifest.json` is the same image for `docker load`, as `docker save` writes it.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { copy, type Entry, entriesOf, file, folder } from './entries.ts';
import { tar } from './tar.ts';

/** The runtime part of an image's configuration, in the spelling of the specification. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface Layer {
  /** What the history of the image says of it. */
  readonly about: string;
  readonly entries: readonly Entry[];
}

export interface ArchiveOptions {
  readonly layers: readonly Layer[];
  /** Name and tag, such as `localhost/patchgen:0.1.0`. */
  readonly ref: string;
  readonly config: ImageConfig;
  /** The file to write; it is there whole or not at all. */
  readonly out: string;
  /** Seconds since 1970, for every file and the image. Default: 1970 for files, no date for the image. */
  readonly created?: number;
  /** Default: of this machine. */
  readonly architecture?: string;
}

export interface WrittenArchive {
  /** Of the image's manifest: `sha256:…`. */
  readonly digest: string;
  /** Bytes of the archive. */
  readonly size: number;
}

const MEDIA = 'application/vnd.oci.image';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** An image of one layer from a folder of this machine. The same files give the same digest. */
export function writeOciArchive(options: {
  readonly rootfs: string;
  readonly ref: string;
  readonly config: ImageConfig;
  readonly out: string;
}): Promise<WrittenArchive> {
  return writeArchive({ ...options, layers: [{ about: 'root file system', entries: entriesOf(options.rootfs) }] });
}

/** The same options give the same bytes, with the same Node.js (it compresses). */
export async function writeArchive(options: ArchiveOptions): Promise<WrittenArchive> {
  const { layers, ref, out, created } = options;
  await mkdir(dirname(out), { recursive: true });
  const work = await mkdtemp(`${out}.`);
  try {
    const blobs: Blob[] = [];
    for (const layer of layers) blobs.push(await layerBlob(layer.entries, join(work, `${blobs.length}`), created));
    const config = jsonEntry(configOf(options, blobs));
    const manifest = jsonEntry({
      schemaVersion: 2,
      mediaType: `${MEDIA}.manifest.v1+json`,
      config: { mediaType: `${MEDIA}.config.v1+json`, ...config.descriptor },
      layers: blobs.map(({ digest, size }) => ({ mediaType: `${MEDIA}.layer.v1.tar+gzip`, digest, size })),
    });
    const entries = [
      file('oci-layout', text({ imageLayoutVersion: '1.0.0' })),
      file('index.json', text(indexOf(manifest.descriptor, options))),
      file('manifest.json', text([dockerManifest(ref, config.entry.path, blobs)])),
      ...folders('blobs/sha256'),
      config.entry,
      manifest.entry,
      ...blobs.map((blob) => copy(blobPath(blob.digest), blob.source)),
    ];
    const part = join(work, basename(out));
    await pipeline(tar(unique(entries)), createWriteStream(part));
    await rename(part, out);
    return { digest: manifest.descriptor.digest, size: (await stat(out)).size };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Blob {
  readonly source: string;
  readonly digest: string;
  readonly size: number;
  /** Of the uncompressed layer. */
  readonly diffId: string;
}

async function layerBlob(entries: readonly Entry[], source: string, created?: number): Promise<Blob> {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  await pipeline(
    hashed(tar(entries, created), plain),
    createGzip(),
    (it) => hashed(it, packed),
    createWriteStream(source),
  );
  const { size } = await stat(source);
  return { source, size, digest: `sha256:${packed.digest('hex')}`, diffId: `sha256:${plain.digest('hex')}` };
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function configOf({ config, layers, created, architecture }: ArchiveOptions, blobs: readonly Blob[]) {
  const date = created === undefined ? {} : { created: dateOf(created) };
  return {
    ...date,
    architecture: architecture ?? hostArchitecture(),
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: blobs.map(({ diffId }) => diffId) },
    history: layers.map(({ about }) => ({ ...date, created_by: about })),
  };
}

function indexOf(manifest: Descriptor, { ref, architecture }: ArchiveOptions) {
  const annotations = {
    'io.containerd.image.name': ref,
    'org.opencontainers.image.ref.name': ref.slice(ref.lastIndexOf(':') + 1),
  };
  const platform = { architecture: architecture ?? hostArchitecture(), os: 'linux' };
  const entry = { mediaType: `${MEDIA}.manifest.v1+json`, ...manifest, annotations, platform };
  return { schemaVersion: 2, mediaType: `${MEDIA}.index.v1+json`, manifests: [entry] };
}

function dockerManifest(ref: string, config: string, blobs: readonly Blob[]) {
  return { Config: config, RepoTags: [ref], Layers: blobs.map(({ digest }) => blobPath(digest)) };
}

/** The architecture's name in images. Throws where there is none for this machine. */
export function hostArchitecture(): string {
  const name = ARCHITECTURES[process.arch];
  if (name === undefined) throw new Error(`images for ${process.arch} cannot be made here: there is no Node.js for it`);
  return name;
}

export const dateOf = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

function jsonEntry(value: unknown): { readonly entry: Entry; readonly descriptor: Descriptor } {
  const content = Buffer.from(text(value));
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { entry: file(blobPath(digest), content), descriptor: { digest, size: content.length } };
}

const text = (value: unknown): string => JSON.stringify(value);
const blobPath = (digest: string): string => `blobs/${digest.replace(':', '/')}`;
const folders = (path: string): Entry[] => [folder(dirname(path)), folder(path)];

/** Two layers may be the same blob. */
function unique(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()];
}
