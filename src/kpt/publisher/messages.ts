import type { ErrorClass } from '../../api/errors.ts';
import type { Reason } from '../../api/reasons.ts';
import type { Volume } from '../../platform/files/files.ts';
import type { ClaimOptions } from './epochs.ts';
import type { InventoryItem, PackageKey, Published, PublishRequest, RootIdentity } from './publisher.ts';
import type { Note } from './site.ts';
import type { Swept } from './sweep.ts';

/** Every operation of the publisher thread: its argument and its result. */
export interface Operations {
  readonly selfTest: Operation<undefined, { readonly rootId: string }>;
  readonly claim: Operation<ClaimOptions, RootIdentity & { readonly tampered: readonly PackageKey[] }>;
  readonly resume: Operation<{ readonly epoch: number; readonly closed: readonly string[] }, RootIdentity>;
  readonly publish: Operation<PublishRequest, Published>;
  readonly remove: Operation<PackageKey, boolean>;
  readonly lookup: Operation<PackageKey, string | undefined>;
  readonly inventory: Operation<undefined, Inventory>;
  readonly sweep: Operation<number, Swept>;
  readonly volume: Operation<undefined, Volume>;
  readonly headRoom: Operation<undefined, { readonly availableBytes: number }>;
}

interface Operation<Argument, Result> {
  readonly argument: Argument;
  readonly result: Result;
}

export interface Inventory {
  readonly packages: readonly InventoryItem[];
  readonly foreign: readonly string[];
}

export type OperationName = keyof Operations;

export type Call = {
  readonly [Name in OperationName]: {
    readonly id: number;
    readonly name: Name;
    readonly argument: Operations[Name]['argument'];
  };
}[OperationName];

/** A failure as plain data: errors lose their class between threads. */
export interface FailureData {
  readonly class: ErrorClass;
  readonly reason: Reason;
  readonly message: string;
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly failure: FailureData };

/** Main side → thread: calls of one or several ticks, or the request to end. */
export type Request = { readonly calls: readonly Call[] } | { readonly end: true };

/** Thread → main side: the answers to all calls of one request. */
export interface Reply {
  readonly answers: readonly Answer[];
  readonly notes: readonly Note[];
}
