/**
 * How far the clocks of two replicas may be apart, in milliseconds. A time that lies further ahead was left by a clock that
 * was wrong, and is drawn back to the present once and for all.
 */
export const CLOCKS_APART_MS = 5_000;
