import { quote } from '../quote.ts';
import { FORBIDDEN_KEYS, MAX_DEPTH, MAX_FAULTS } from './limits.ts';

/** What can be wrong with a text before its content is looked at. Stable: scripts match on them. */
export const READ_CODES = Object.freeze([
  'invalid-json',
  'invalid-yaml',
  'invalid-encoding',
  'input-too-large',
  'too-deep',
  'duplicate-key',
  'forbidden-key',
  'inexact-number',
  'ambiguous-scalar',
  'unsupported-yaml',
  'no-document',
  'validation-timeout',
] as const);

export type ReadCode = (typeof READ_CODES)[number];

export type Syntax = 'JSON' | 'YAML';

/** A fault at a place of the text. */
export interface Fault {
  readonly code: ReadCode;
  readonly message: string;
  readonly pointer: string;
  readonly start: number;
  readonly end: number;
}

/** Thrown inside the readers where reading cannot go on; never leaves `readDocuments`. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** Collects the faults of one document and keeps their number bounded. */
export interface Faults {
  readonly all: readonly Fault[];
  add(fault: Fault): void;
}

export function faultList(): Faults {
  const all: Fault[] = [];
  return {
    all,
    add(fault) {
      if (all.length < MAX_FAULTS) all.push(fault);
    },
  };
}

export function tooDeep(syntax: Syntax, start: number): Unreadable {
  const message = `invalid ${syntax}: nested more than ${MAX_DEPTH} levels deep`;
  return new Unreadable({ code: 'too-deep', message, pointer: '', start, end: start + 1 });
}

export function tooLate(): Unreadable {
  const message = 'reading and checking the input took longer than the validation timeout';
  return new Unreadable({ code: 'validation-timeout', message, pointer: '', start: 0, end: 0 });
}

export function tooLarge(what: string, start: number): Unreadable {
  const message = `the input is too large: ${what}`;
  return new Unreadable({ code: 'input-too-large', message, pointer: '', start, end: start + 1 });
}

/** The fault of a key that a mapping may not have, or undefined for a good one. */
export function keyFault(
  syntax: Syntax,
  key: string,
  seen: ReadonlyMap<string, unknown>,
): Omit<Fault, 'pointer' | 'start' | 'end'> | undefined {
  if (FORBIDDEN_KEYS.has(key)) {
    return { code: 'forbidden-key', message: `invalid ${syntax}: the key ${JSON.stringify(key)} is not allowed` };
  }
  if (seen.has(key)) {
    return { code: 'duplicate-key', message: `invalid ${syntax}: duplicate key ${quote(key)}` };
  }
  return undefined;
}
