/**
 * Loaded into an operator before its own code, by `--import`. Gives it a wall clock of its own (`HA_CLOCK_SKEW_MS`), and
 * blocks its main event loop on SIGUSR2 for as long as the file `HA_BLOCKED_WHILE` exists.
 */
import { existsSync } from 'node:fs';

const skewMs = Number(process.env.HA_CLOCK_SKEW_MS ?? 0);
const blockedWhile = process.env.HA_BLOCKED_WHILE ?? '';

if (skewMs !== 0) {
  const SystemDate = Date;
  globalThis.Date = new Proxy(SystemDate, {
    construct: (target, args: []) => (args.length === 0 ? new target(target.now() + skewMs) : new target(...args)),
    get: (target, name) => (name === 'now' ? () => target.now() + skewMs : Reflect.get(target, name)),
  });
}

process.on('SIGUSR2', () => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (existsSync(blockedWhile)) Atomics.wait(cell, 0, 0, 50);
});
