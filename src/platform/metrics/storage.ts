import type { Volume } from '../files/files.ts';
import type { Series } from './series.ts';

export interface StorageSeries {
  /** The volume as it is now. */
  volume(volume: Volume): void;
  /** Whether packages can be written now. */
  usable(isUsable: boolean): void;
}

/** Series about the volume of the packages. What cannot be looked at any more keeps its last numbers, and is not usable. */
export function storageSeries({ gauge }: Series, neededBytes: number): StorageSeries {
  const available = gauge('patchgen_storage_available_bytes', 'Free space on the volume of the packages');
  const size = gauge('patchgen_storage_size_bytes', 'Size of the volume of the packages');
  const freeInodes = gauge('patchgen_storage_free_inodes', 'Free inodes on the volume of the packages');
  const inodes = gauge(
    'patchgen_storage_inodes',
    'Inodes of the volume of the packages; 0 where the file system does not count them',
  );
  const usable = gauge('patchgen_storage_usable', 'Whether packages can be written to the volume now, 1 or 0');
  gauge('patchgen_storage_needed_bytes', 'Free space below which nothing is published').set(neededBytes);
  return {
    volume: (now) => {
      available.set(now.availableBytes);
      size.set(now.sizeBytes);
      freeInodes.set(now.freeInodes);
      inodes.set(now.inodes);
    },
    usable: (isUsable) => usable.set(isUsable ? 1 : 0),
  };
}
