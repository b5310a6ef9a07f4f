import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const LONG_MS = 3_600_000;

/**
 * Resolves with the name of the first signal; a second one ends the process at once with 128 + its number. Until it is disposed
 * of, the process goes on even when nothing else keeps it alive: no server, and an API server out of reach.
 */
export function untilSignal(): { readonly signal: Promise<string>; dispose(): void } {
  const first = Promise.withResolvers<string>();
  let seen = false;
  const alive = setInterval(() => {}, LONG_MS);
  const listeners = SIGNALS.map((name) => {
    const listener = (): void => {
      // The one place where nothing else may be waited for: the user asked twice.
      if (seen) process.exit(128 + constants.signals[name]);
      seen = true;
      first.resolve(name);
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    signal: first.promise,
    dispose: () => {
      clearInterval(alive);
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}
