/** What differs between two images, file by file. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from './archive.ts';
import { readArchive, unpack } from './read-archive.ts';

/**
 * One sentence for each file, owner, mode and setting of the image in the archive `one` that is not as in `other`; empty when they are
 * alike. Dates, layers and further labels do not count. `work` is a folder for what is unpacked; owners only show to root.
 */
export function differences(one: string, other: string, work: string): string[] {
  const [left, right] = [open(one, join(work, 'one')), open(other, join(work, 'other'))];
  const paths = [...new Set([...left.files.keys(), ...right.files.keys()])].toSorted();
  const files = paths.flatMap((path) => differ(`/${path}`, left.files.get(path), right.files.get(path)));
  return [...files, ...settings(left.config, right.config)];
}

interface Opened {
  readonly config: ImageConfig;
  /** For each path one line: mode, owner, content. */
  readonly files: ReadonlyMap<string, string>;
}

function open(archive: string, folder: string): Opened {
  const { config, layers } = readArchive(archive, join(folder, 'archive'));
  const rootfs = join(folder, 'rootfs');
  unpack(layers, rootfs);
  const files = new Map(pathsBelow(rootfs, '').map((path) => [path, lineOf(join(rootfs, path))]));
  rmSync(folder, { recursive: true });
  return { config: config.config, files };
}

/** Links are named, not followed: one may lead out of the image. */
function pathsBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...pathsBelow(root, path)] : [path];
  });
}

function lineOf(path: string): string {
  const stat = lstatSync(path);
  const content = stat.isFile() ? hashOf(path) : stat.isSymbolicLink() ? `to ${readlinkSync(path)}` : '';
  return `mode ${stat.mode.toString(8)}, owner ${stat.uid}:${stat.gid}, ${content}`;
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

function settings(
  { Labels: labels = {}, ...one }: ImageConfig,
  { Labels: wanted = {}, ...other }: ImageConfig,
): string[] {
  const [left, right] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  return [
    ...names.flatMap((name) => differ(name, JSON.stringify(left.get(name)), JSON.stringify(right.get(name)))),
    ...Object.keys(wanted).flatMap((name) => differ(`label ${name}`, labels[name], wanted[name])),
  ];
}

function differ(what: string, one = 'not there', other = 'not there'): string[] {
  return one === other ? [] : [`${what}: ${one}, but in the other ${other}`];
}
