import type { CompiledPolicy } from '../../policy/compile.ts';
import type { Claim } from '../../policy/ledger.ts';

/** One change that wants a place under one policy. Settled once: with undefined for granted, else until when there is no room. */
export interface Reservation {
  readonly policy: CompiledPolicy;
  readonly claim: Claim;
  settle(fullUntil: Date | undefined): void;
  fail(error: unknown): void;
}

/** A reservation, and what becomes of it. When the signal is aborted it fails with the reason, and `leave` is called. */
export function reservationOf(
  policy: CompiledPolicy,
  claim: Claim,
  signal: AbortSignal,
  leave: (reservation: Reservation) => void,
): { readonly reservation: Reservation; readonly settled: Promise<Date | undefined> } {
  const { promise, resolve, reject } = Promise.withResolvers<Date | undefined>();
  const onAbort = (): void => {
    reject(signal.reason);
    leave(reservation);
  };
  const reservation: Reservation = {
    policy,
    claim,
    settle(fullUntil) {
      signal.removeEventListener('abort', onAbort);
      resolve(fullUntil);
    },
    fail(error) {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    },
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return { reservation, settled: promise };
}
