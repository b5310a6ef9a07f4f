import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

const minutes = (count: number): number => count * 60_000;
const report = process.env.PATCHGEN_TEST_REPORT;

/**
 * One project per room of `test/`, one after the other, the quick ones first. Limits are there to end what hangs, never to
 * measure: the slowest machine gets the time it needs. Rooms with real servers run at most two files at once.
 */
export default defineConfig({
  test: {
    reporters: [
      'default',
      './test/support/run/pulse-reporter.ts',
      ...(report === undefined ? [] : [['json', { outputFile: report }] as ['json', { outputFile: string }]]),
    ],
    projects: [
      room('unit', { order: 1, workers: availableParallelism(), patience: minutes(1) }),
      room('golden', { order: 2, workers: 2 }),
      room('contract', { order: 3, workers: availableParallelism(), patience: minutes(1) }),
      room('integration', { order: 4, workers: 2 }),
      room('fault', { order: 5, workers: 2 }),
      room('e2e', { order: 6, workers: 1 }),
    ],
  },
});

interface Room {
  readonly order: number;
  readonly workers: number;
  readonly patience?: number;
}

function room(name: string, { order, workers, patience = minutes(3) }: Room) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude: configDefaults.exclude,
      environment: 'node',
      pool: 'forks' as const, // Threads share the umask and the working directory.
      maxWorkers: workers,
      sequence: { groupOrder: order },
      globalSetup: ['./test/support/run/global-setup.ts'],
      setupFiles: ['./test/support/run/properties.ts'],
      testTimeout: patience,
      hookTimeout: minutes(5),
      teardownTimeout: minutes(1),
    },
  };
}
