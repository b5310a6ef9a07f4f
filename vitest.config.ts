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
      ...realNode(process.env.PATCHGEN_REAL_NODE),
    ],
  },
});

interface Room {
  readonly order: number;
  readonly workers: number;
  readonly patience?: number;
  /** Default: all below the folder of its name. */
  readonly include?: readonly string[];
  readonly globalSetup?: string;
}

/** Only for `npm run e2e`: what needs Linux and root is no part of `npm test`. One node at a time, so one file at a time. */
function realNode(part: string | undefined) {
  if (part === undefined) return [];
  const parts = part === 'full' ? ['', 'full-'] : [''];
  const life = parts.map((it) => `test/node/${it}life/**/*.test.ts`);
  const shared = parts.map((it) => `test/node/${it}shared/**/*.test.ts`);
  return [
    // These start nodes of their own, one after the other, before the one that all others share.
    room('node-life', { order: 7, workers: 1, patience: minutes(5), include: life }),
    room('node', {
      order: 8,
      workers: 1,
      patience: minutes(5),
      include: shared,
      globalSetup: './test/support/node/broker.ts',
    }),
  ];
}

function room(name: string, settings: Room) {
  const { order, workers, patience = minutes(3), include = [`test/${name}/**/*.test.ts`] } = settings;
  return {
    test: {
      name,
      include: [...include],
      exclude: configDefaults.exclude,
      environment: 'node',
      pool: 'forks' as const, // Threads share the umask and the working directory.
      maxWorkers: workers,
      sequence: { groupOrder: order },
      globalSetup: [settings.globalSetup ?? './test/support/run/global-setup.ts'],
      setupFiles: ['./test/support/run/properties.ts'],
      testTimeout: patience,
      hookTimeout: minutes(5),
      teardownTimeout: minutes(1),
    },
  };
}
