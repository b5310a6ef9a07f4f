// How the operator's process is started, measured at 10,000 intents. Plain JavaScript for Node 20.

/**
 * Flags of Node: a small young generation and a collector that prefers size. Together they halve resident memory after a large
 * list for a few per cent more garbage collection.
 */
export const FLAGS = ['--max-semi-space-size=4', '--optimize-for-size', '--disable-warning=ExperimentalWarning'];

/**
 * Settings of glibc's allocator: large buffers (pages of a list) are given back to the system when they are freed, and threads share
 * arenas. Other allocators ignore them.
 */
export const ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
