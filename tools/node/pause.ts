/** The image of what holds a pod's namespaces: one static program of ours, since nothing can be pulled. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeOciArchive } from '../image/archive.ts';
import { PAUSE_IMAGE } from './containerd.ts';

/** Writes it as an OCI archive into `dir`; resolves to its path. */
export async function pauseImage(program: string, dir: string): Promise<string> {
  const rootfs = join(dir, 'pause');
  const out = join(dir, 'pause.tar');
  await mkdir(rootfs, { recursive: true });
  await copyFile(program, join(rootfs, 'pause'));
  await writeOciArchive({ rootfs, ref: PAUSE_IMAGE, config: { Entrypoint: ['/pause'], User: '65535:65535' }, out });
  return out;
}
