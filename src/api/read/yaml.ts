import { type Document, isMap, isScalar, isSeq, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { quote } from '../quote.ts';
import { type Fault, type Faults, keyFault, tooDeep, Unreadable } from './fault.ts';
import type { Reading } from './json.ts';
import { MAX_DEPTH, MAX_DOCUMENTS } from './limits.ts';
import { join, type Place, type Placed } from './place.ts';
import { plainScalar } from './yaml-scalar.ts';
import { composeAll, libraryFault } from './yaml-tokens.ts';

// Characters that YAML 1.2 (production c-printable) does not allow unescaped. A byte order mark is content for us.
const UNPRINTABLE = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/**
 * Reads the documents of a YAML text as the JSON values that they stand for. Beyond what the core schema of YAML 1.2
 * refuses, so do we: anchors, aliases, merge keys, tags, directives, keys that are no strings or come twice, and
 * unquoted scalars that YAML 1.1 reads differently. Documents without content are passed over.
 */
export function readYaml(text: string, expired: () => boolean): readonly Reading[] {
  const bad = UNPRINTABLE.exec(text);
  if (bad !== null) return [{ faults: [unprintable(bad[0], bad.index)] }];
  const readings: Reading[] = [];
  try {
    for (const { document, faults } of composeAll(text, expired)) {
      const reading = readDocument(document, faults);
      if (reading !== undefined) readings.push(reading);
      if (readings.length > MAX_DOCUMENTS) return readings;
    }
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown;
    readings.push({ faults: [thrown.fault] });
  }
  return readings;
}

function unprintable(character: string, start: number): Fault {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const message = `invalid YAML: the character U+${code} is not allowed here`;
  return { code: 'invalid-yaml', message, pointer: '', start, end: start + character.length };
}

function readDocument(document: Document.Parsed, faults: Faults): Reading | undefined {
  const complaint = document.errors[0];
  if (complaint !== undefined) return { faults: [...faults.all, libraryFault(complaint.message, complaint.pos)] };
  const { contents } = document;
  if (faults.all.length === 0 && (contents === null || isBlank(contents))) return undefined;
  const placed = convert(contents, document.range[0], '', 0, faults);
  return faults.all.length === 0 ? placed : { faults: faults.all };
}

function isBlank(node: unknown): boolean {
  return isScalar(node) && node.type === 'PLAIN' && node.source === '';
}

/** `fallback` is the offset of a value that is not written at all (`{a}`). */
function convert(node: unknown, fallback: number, pointer: string, depth: number, faults: Faults): Placed {
  const range = rangeOf(node, fallback);
  if (depth >= MAX_DEPTH && (isMap(node) || isSeq(node))) throw tooDeep('YAML', range.start);
  if (isMap(node)) return mapping(node, range, pointer, depth, faults);
  if (isSeq(node)) return sequence(node, range, pointer, depth, faults);
  if (isScalar(node)) return { value: scalar(node, range, pointer, faults), place: range };
  // An alias was refused as a token already; a missing node is null.
  return { value: null, place: range };
}

function rangeOf(node: unknown, fallback: number): { readonly start: number; readonly end: number } {
  const range = isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
  return range ? { start: range[0], end: range[1] } : { start: fallback, end: fallback };
}

function sequence(node: YAMLSeq, range: Place, pointer: string, depth: number, faults: Faults): Placed {
  const read = node.items.map((item, index) => convert(item, range.start, join(pointer, index), depth + 1, faults));
  return { value: read.map(({ value }) => value), place: { ...range, items: read.map(({ place }) => place) } };
}

function mapping(node: YAMLMap, range: Place, pointer: string, depth: number, faults: Faults): Placed {
  const value: Record<string, unknown> = {};
  const members = new Map<string, Place>();
  for (const pair of node.items) member(pair, range.start, pointer, depth, faults, { value, members });
  return { value, place: { ...range, members } };
}

interface Into {
  readonly value: Record<string, unknown>;
  readonly members: Map<string, Place>;
}

function member(pair: Pair, fallback: number, pointer: string, depth: number, faults: Faults, into: Into): void {
  const { start: keyStart, end: keyEnd } = rangeOf(pair.key, fallback);
  const key = keyOf(pair.key);
  if (typeof key !== 'string') {
    faults.add({ ...key, pointer, start: keyStart, end: keyEnd });
    return;
  }
  const here = join(pointer, key);
  const fault = keyFault('YAML', key, into.members);
  if (fault !== undefined) faults.add({ ...fault, pointer: here, start: keyStart, end: keyEnd });
  const read = convert(pair.value, keyEnd, here, depth + 1, faults);
  if (fault !== undefined) return;
  into.value[key] = read.value;
  into.members.set(key, { ...read.place, keyStart, keyEnd });
}

function keyOf(node: unknown): string | { readonly code: 'unsupported-yaml'; readonly message: string } {
  const refuse = (why: string) => ({ code: 'unsupported-yaml', message: `invalid YAML: ${why}` }) as const;
  if (!isScalar(node)) return refuse('a key must be a string');
  const text = textOf(node);
  if (!text.isWellFormed()) return refuse('a key holds half of a surrogate pair');
  if (node.type !== 'PLAIN') return text;
  if (text === '<<') return refuse('merge keys are not supported: write the members out');
  const meaning = plainScalar(text);
  if ('value' in meaning && typeof meaning.value === 'string') return text;
  return refuse(`a key must be a string: quote ${quote(text)}`);
}

function scalar(node: Scalar, range: Place, pointer: string, faults: Faults): unknown {
  const text = textOf(node);
  if (!text.isWellFormed()) {
    const message = 'invalid YAML: a string holds half of a surrogate pair';
    faults.add({ code: 'invalid-yaml', message, pointer, start: range.start, end: range.end });
  }
  if (node.type !== 'PLAIN') return text;
  const meaning = plainScalar(text);
  if ('value' in meaning) return meaning.value;
  const message = `invalid YAML: ${quote(text)} ${meaning.why}`;
  faults.add({ code: meaning.refused, message, pointer, start: range.start, end: range.end });
  return undefined;
}

function textOf(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : '';
}
