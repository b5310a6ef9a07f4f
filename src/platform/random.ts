import { randomBytes, randomUUID } from 'node:crypto';

/** Randomness as an argument: jitter and names can be fixed in tests. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** Lower-case hex digits of `bytes` random bytes. */
  hex(bytes: number): string;
  uuid(): string;
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  uuid: () => randomUUID(),
};
