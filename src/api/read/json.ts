import { quote } from '../quote.ts';
import { type Fault, type Faults, faultList, keyFault, tooDeep, tooLate, Unreadable } from './fault.ts';
import { JsonCursor } from './json-cursor.ts';
import { MAX_DEPTH, MAX_DOCUMENTS } from './limits.ts';
import { exactNumber } from './number.ts';
import { join, type Place, type Placed } from './place.ts';

/** One document of a text: its value and where its parts stand, or what is wrong with it. */
export type Reading = Placed | { readonly faults: readonly Fault[] };

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
// How often the deadline is looked at; a look costs more than a token.
const VALUES_PER_LOOK = 1024;

interface Run {
  readonly cursor: JsonCursor;
  readonly faults: Faults;
  readonly expired: () => boolean;
  values: number;
}

/**
 * Reads JSON values, one after the other: a file may hold several objects, with or without white space between them.
 * After a syntax error there is no telling where the next document begins, so it ends the input; refused keys and
 * numbers do not, and are all told. Recursion goes at most `MAX_DEPTH` deep.
 */
export function readJson(text: string, expired: () => boolean): readonly Reading[] {
  const readings: Reading[] = [];
  const cursor = new JsonCursor(text);
  cursor.skipBlank();
  do {
    const reading = readOne({ cursor, faults: faultList(), expired, values: 0 });
    readings.push(reading);
    cursor.skipBlank();
    if (hasStopped(reading) || readings.length > MAX_DOCUMENTS) return readings;
  } while (cursor.peek() === '{');
  if (cursor.at < text.length) readings.push(trailing(cursor));
  return readings;
}

const STOPPING: ReadonlySet<string> = new Set(['invalid-json', 'too-deep', 'validation-timeout']);

function hasStopped(reading: Reading): boolean {
  return 'faults' in reading && reading.faults.some((fault) => STOPPING.has(fault.code));
}

function readOne(run: Run): Reading {
  try {
    const placed = value(run, '', 0);
    return run.faults.all.length === 0 ? placed : { faults: run.faults.all };
  } catch (thrown) {
    if (thrown instanceof Unreadable) return { faults: [...run.faults.all, thrown.fault] };
    throw thrown;
  }
}

function trailing(cursor: JsonCursor): Reading {
  try {
    return cursor.expected('the end of the text or another object');
  } catch (thrown) {
    if (thrown instanceof Unreadable) return { faults: [thrown.fault] };
    throw thrown;
  }
}

function value(run: Run, pointer: string, depth: number): Placed {
  const { cursor } = run;
  run.values += 1;
  if (run.values % VALUES_PER_LOOK === 0 && run.expired()) throw tooLate();
  const start = cursor.at;
  switch (cursor.peek()) {
    case '{':
      return object(run, pointer, depth + 1);
    case '[':
      return array(run, pointer, depth + 1);
    case '"':
      return { value: cursor.string(), place: { start, end: cursor.at } };
    default:
      return literal(run, pointer);
  }
}

function literal(run: Run, pointer: string): Placed {
  const { cursor } = run;
  const start = cursor.at;
  const word = cursor.word();
  const end = cursor.at;
  cursor.at = start;
  if (word !== undefined && WORDS.has(word)) {
    cursor.at = end;
    return { value: WORDS.get(word), place: { start, end } };
  }
  const digits = cursor.number();
  if (digits === undefined || cursor.at !== end) {
    cursor.at = start;
    return cursor.expected('a value');
  }
  const number = exactNumber(digits);
  if (number === undefined) {
    const message = `invalid JSON: the number ${quote(digits)} cannot be kept exactly`;
    run.faults.add({ code: 'inexact-number', message, pointer, start, end });
  }
  return { value: number, place: { start, end } };
}

function array(run: Run, pointer: string, depth: number): Placed {
  const { cursor } = run;
  const start = cursor.at;
  if (depth > MAX_DEPTH) throw tooDeep('JSON', start);
  cursor.at += 1;
  const values: unknown[] = [];
  const items: Place[] = [];
  cursor.skipBlank();
  if (!cursor.take(']')) {
    do {
      cursor.skipBlank();
      const item = value(run, join(pointer, values.length), depth);
      values.push(item.value);
      items.push(item.place);
      cursor.skipBlank();
    } while (cursor.take(','));
    if (!cursor.take(']')) cursor.expected('"," or "]"');
  }
  return { value: values, place: { start, end: cursor.at, items } };
}

function object(run: Run, pointer: string, depth: number): Placed {
  const { cursor } = run;
  const start = cursor.at;
  if (depth > MAX_DEPTH) throw tooDeep('JSON', start);
  cursor.at += 1;
  const result: Record<string, unknown> = {};
  const members = new Map<string, Place>();
  cursor.skipBlank();
  if (!cursor.take('}')) {
    do member(run, pointer, depth, result, members);
    while (cursor.take(','));
    if (!cursor.take('}')) cursor.expected('"," or "}"');
  }
  return { value: result, place: { start, end: cursor.at, members } };
}

function member(
  run: Run,
  pointer: string,
  depth: number,
  into: Record<string, unknown>,
  members: Map<string, Place>,
): void {
  const { cursor } = run;
  cursor.skipBlank();
  const keyStart = cursor.at;
  if (cursor.peek() !== '"') cursor.expected('a key in double quotes');
  const key = cursor.string();
  const keyEnd = cursor.at;
  const here = join(pointer, key);
  const fault = keyFault('JSON', key, members);
  if (fault !== undefined) run.faults.add({ ...fault, pointer: here, start: keyStart, end: keyEnd });
  cursor.skipBlank();
  if (!cursor.take(':')) cursor.expected('":"');
  cursor.skipBlank();
  const read = value(run, here, depth);
  if (fault === undefined) {
    into[key] = read.value;
    members.set(key, { ...read.place, keyStart, keyEnd });
  }
  cursor.skipBlank();
}
