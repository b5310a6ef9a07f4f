export interface LeaseTimes {
  readonly durationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** What an operator has without flags. */
export const DEFAULT_LEASE: LeaseTimes = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

/** A Lease that is lost within seconds, for tests that lose one. */
export const QUICK_LEASE: readonly string[] = leaseFlags({
  durationMs: 3_000,
  renewDeadlineMs: 2_000,
  retryPeriodMs: 500,
});

/** A Lease that outlasts a restart of the API server on a busy machine. */
export const PATIENT_LEASE: readonly string[] = leaseFlags({
  durationMs: 120_000,
  renewDeadlineMs: 100_000,
  retryPeriodMs: 1_000,
});

export function leaseFlags({ durationMs, renewDeadlineMs, retryPeriodMs }: LeaseTimes): readonly string[] {
  return [
    '--leader-election-lease-duration',
    `${durationMs}ms`,
    '--leader-election-renew-deadline',
    `${renewDeadlineMs}ms`,
    '--leader-election-retry-period',
    `${retryPeriodMs}ms`,
  ];
}
