/** A Lease that is lost within seconds, for tests that lose one. */
export const QUICK_LEASE: readonly string[] = leaseFlags('3s', '2s', '500ms');

/** A Lease that outlasts a restart of the API server on a busy machine. */
export const PATIENT_LEASE: readonly string[] = leaseFlags('120s', '100s', '1s');

function leaseFlags(duration: string, renewDeadline: string, retryPeriod: string): readonly string[] {
  return [
    '--leader-election-lease-duration',
    duration,
    '--leader-election-renew-deadline',
    renewDeadline,
    '--leader-election-retry-period',
    retryPeriod,
  ];
}
