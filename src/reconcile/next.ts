/** When the engine shall look at the key again. `done`: when something changes, or at the resync. */
export type Next =
  | { readonly next: 'done' }
  | { readonly next: 'after'; readonly ms: number }
  | { readonly next: 'backoff' };

export const DONE: Next = { next: 'done' };
export const BACKOFF: Next = { next: 'backoff' };
export const after = (ms: number): Next => ({ next: 'after', ms });
