/**
 * What to do next about a failure. The class, not the message, decides retry, conditions and events.
 *
 * - `Rejected`: the spec must change; no retry until it does.
 * - `Waiting`: something outside must change; looked at again after a fixed time, or when a watch says so.
 * - `Transient`: tried again with exponential backoff and jitter.
 * - `Conflict`: the object moved; read it again and start over.
 * - `Cancelled`: this process stopped caring (shutdown, lost lease); nothing is reported.
 */
export type ErrorClass = 'Rejected' | 'Waiting' | 'Transient' | 'Conflict' | 'Cancelled';
