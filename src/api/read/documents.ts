import type { Finding } from '../finding.ts';
import { decode } from './decode.ts';
import { type Fault, tooLarge, tooLate } from './fault.ts';
import { type Reading, readJson } from './json.ts';
import { MAX_DOCUMENTS } from './limits.ts';
import { locate, type Placed } from './place.ts';
import { type Excerpt, type Position, type Source, sourceOf } from './source.ts';
import { unfold } from './unfold.ts';
import { readYaml } from './yaml.ts';

export type Format = 'json' | 'yaml';

export interface ReadOptions {
  /** How the text is called in messages: a file name, or `stdin`. Its ending decides the format where `format` is absent. */
  readonly name: string;
  readonly format?: Format | undefined;
  /** Asked from time to time; true ends the reading with a `validation-timeout` finding. */
  readonly deadline?: (() => boolean) | undefined;
}

/** A finding and where in which text it is. */
export interface PlacedFinding extends Finding, Position {
  readonly source: string;
  readonly excerpt: Excerpt;
}

export interface ReadDocument {
  readonly value: unknown;
  /** The line on which the document begins. */
  readonly line: number;
  /** Where the value at the pointer begins, or undefined where the text has nothing there. */
  positionOf(pointer: string): Position | undefined;
  /** The finding with its place: the value's, else that of the nearest part of the document that is in the text. */
  place(finding: Finding, mark?: 'value' | 'key'): PlacedFinding;
}

export interface UnreadableDocument {
  readonly line: number;
  /** At least one, in the order of the text. */
  readonly findings: readonly PlacedFinding[];
}

export type Document = ReadDocument | UnreadableDocument;

/**
 * The documents of a text, JSON or YAML, as plain JSON values with positions. Never throws for any input, and does work
 * in proportion to at most 1 MiB. A `List`, as `kubectl get -o json` prints it, becomes one document per item. A text
 * without a document gives one unreadable document (`no-document`).
 *
 * The format is what `format` says, else what the ending of the name says (`.json`, `.yaml`, `.yml`), else JSON for a
 * text that begins with `{` or `[`, else YAML.
 */
export function readDocuments(input: string | Uint8Array, options: ReadOptions): readonly Document[] {
  const decoded = decode(input);
  const source = sourceOf(options.name, decoded.text);
  if ('fault' in decoded) return [unreadable(source, [decoded.fault])];
  const expired = options.deadline ?? (() => false);
  if (expired()) return [unreadable(source, [tooLate().fault])];
  if (decoded.text.trim() === '') return [unreadable(source, [noDocument])];
  const read = formatOf(decoded.text, options) === 'json' ? readJson : readYaml;
  const readings = read(decoded.text, expired);
  if (readings.length === 0) return [unreadable(source, [noDocument])];
  const documents = readings.flatMap((reading) => documentsOf(source, reading));
  if (documents.length <= MAX_DOCUMENTS) return documents;
  return [...documents.slice(0, MAX_DOCUMENTS), unreadable(source, [tooMany.fault])];
}

const tooMany = tooLarge(`more than ${MAX_DOCUMENTS} documents`, 0);

const noDocument: Fault = {
  code: 'no-document',
  message: 'the input holds no document',
  pointer: '',
  start: 0,
  end: 0,
};

function formatOf(text: string, { format, name }: ReadOptions): Format {
  if (format !== undefined) return format;
  if (/\.json$/i.test(name)) return 'json';
  if (/\.ya?ml$/i.test(name)) return 'yaml';
  return /^\s*[{[]/.test(text) ? 'json' : 'yaml';
}

function documentsOf(source: Source, reading: Reading): readonly Document[] {
  if ('faults' in reading) return [unreadable(source, reading.faults)];
  return unfold(reading).map((placed) => readable(source, placed));
}

function readable(source: Source, { value, place: root }: Placed): ReadDocument {
  return {
    value,
    line: source.position(root.start).line,
    positionOf(pointer) {
      const found = locate(root, pointer);
      return found.exact ? source.position(found.place.start) : undefined;
    },
    place(finding, mark = 'value') {
      const { place, exact } = locate(root, finding.pointer);
      // Of something that is missing, the nearest thing there is: its key, or the first character of the document.
      const useKey = place.keyStart !== undefined && (mark === 'key' || !exact);
      const start = useKey ? place.keyStart : place.start;
      // The whole document is told by its beginning.
      const whole = finding.pointer === '' || !exact;
      const end = useKey ? (place.keyEnd ?? place.start) : whole ? place.start + 1 : place.end;
      return placed(source, finding, start, end);
    },
  };
}

function unreadable(source: Source, faults: readonly Fault[]): UnreadableDocument {
  const inOrder = [...faults].sort((one, other) => one.start - other.start);
  const findings = inOrder.map(({ code, pointer, message, start, end }) =>
    placed(source, { code, pointer, message }, start, end),
  );
  return { line: findings[0]?.line ?? 1, findings };
}

function placed(source: Source, finding: Finding, start: number, end: number): PlacedFinding {
  return { ...finding, source: source.name, ...source.position(start), excerpt: source.excerpt(start, end) };
}
