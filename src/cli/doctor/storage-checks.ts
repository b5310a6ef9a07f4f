import { randomBytes } from 'node:crypto';
import {
  link,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  statfs,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type DoctorCheck, failed, messageOf, ok, skipped, type Verdict } from './check.ts';

export interface StorageOptions {
  readonly outputDir: string;
  readonly minFreeBytes: number;
  /** Whether the packages must be here: the directory was named, or this is a pod. */
  readonly required: boolean;
}

const AREA = 'storage';
const DIRECTORY = 'output directory';

/** Is the volume one on which packages can be published atomically and durably? */
export function storageChecks(options: StorageOptions): readonly DoctorCheck[] {
  const { outputDir, minFreeBytes } = options;
  const probe = (name: string, fix: string, use: (place: string) => Promise<string>): DoctorCheck => ({
    area: AREA,
    name,
    needs: DIRECTORY,
    run: () => inProbe(outputDir, fix, use),
  });
  const anotherVolume = 'use a local or block volume with POSIX semantics (not an object store mount)';
  return [
    { area: AREA, name: DIRECTORY, run: () => directoryCheck(options) },
    { area: AREA, name: 'space', needs: DIRECTORY, run: () => spaceCheck(outputDir, minFreeBytes) },
    probe('write', 'give the directory to the user that the operator runs as', writes),
    probe('rename', anotherVolume, renames),
    probe('symlinks', anotherVolume, symlinks),
    probe('hard links', anotherVolume, hardLinks),
    probe('fsync', anotherVolume, syncs),
  ];
}

async function directoryCheck({ outputDir, required }: StorageOptions): Promise<Verdict> {
  try {
    if ((await stat(outputDir)).isDirectory()) return ok(outputDir);
    return failed(`${outputDir} is no directory`, 'name a directory with --output-dir');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && !required) return skipped(`${outputDir} is not on this machine; --output-dir DIR checks another`);
    const detail = missing ? `output directory does not exist: ${outputDir}` : messageOf(error);
    return failed(detail, 'mount the volume there, or name its directory with --output-dir');
  }
}

async function spaceCheck(outputDir: string, minFreeBytes: number): Promise<Verdict> {
  const { bavail, bsize, ffree, files } = await statfs(outputDir);
  const available = bavail * bsize;
  if (available < minFreeBytes) {
    return failed(`insufficient disk space: ${available} bytes available, ${minFreeBytes} needed`, 'free or add space');
  }
  if (files > 0 && ffree === 0) return failed('no inodes are left', 'remove files, or use a volume with more inodes');
  return ok(`${available} bytes available, ${minFreeBytes} needed`);
}

/** Works in a folder of its own beside the packages and leaves nothing. */
async function inProbe(outputDir: string, fix: string, use: (place: string) => Promise<string>): Promise<Verdict> {
  const place = join(outputDir, `.patchgen-doctor-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(place, { mode: 0o700 });
    return ok(await use(place));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const denied = code === 'EACCES' || code === 'EPERM';
    return failed(denied ? `permission denied: ${messageOf(error)}` : messageOf(error), fix);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function writes(place: string): Promise<string> {
  const file = join(place, 'file');
  await writeFile(file, 'patchgen\n', { mode: 0o600 });
  const { mode } = await stat(file);
  if ((await readFile(file, 'utf8')) !== 'patchgen\n') throw new Error('a file reads back with other bytes');
  if ((mode & 0o777) !== 0o600) throw new Error(`a file got mode ${(mode & 0o777).toString(8)} instead of 600`);
  return 'files keep their bytes and modes';
}

async function renames(place: string): Promise<string> {
  const [a, b] = [join(place, 'a'), join(place, 'b')];
  await Promise.all([writeFile(a, 'new'), writeFile(b, 'old')]);
  await rename(a, b);
  if ((await readFile(b, 'utf8')) !== 'new') throw new Error('a rename did not replace the file');
  await mkdir(join(place, 'tree'));
  await rename(join(place, 'tree'), join(place, 'moved'));
  return 'files are replaced and directories moved';
}

async function symlinks(place: string): Promise<string> {
  const [a, b] = [join(place, 'a'), join(place, 'b')];
  await symlink('one', a);
  await symlink('two', b);
  await rename(a, b);
  if ((await readlink(b)) !== 'one') throw new Error('a rename did not replace the symbolic link');
  return 'a link is replaced by one rename';
}

async function hardLinks(place: string): Promise<string> {
  const [a, b] = [join(place, 'a'), join(place, 'b')];
  await writeFile(a, 'x');
  await link(a, b);
  if ((await lstat(b)).nlink !== 2) throw new Error('a hard link does not count');
  const second = await link(a, b).then(() => undefined, messageOf);
  if (second === undefined) throw new Error('a hard link replaced a file that was there');
  return 'a name is taken once';
}

async function syncs(place: string): Promise<string> {
  const file = join(place, 'file');
  await writeFile(file, 'x');
  for (const path of [file, place]) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  return 'files and directories can be synced';
}
