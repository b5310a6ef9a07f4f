import type { Finding } from '../finding.ts';
import { type PlacedFinding, type ReadDocument, type ReadOptions, readDocuments } from '../read/documents.ts';
import { type ResolvedSpec, resolveSpec } from '../resolve.ts';
import type { PatchIntentSpec } from '../schema/spec.ts';
import { warningsOf } from '../strict.ts';
import { isObject } from './check.ts';
import { wireNameOf } from './fields.ts';
import { checkResource, isResource } from './resource.ts';
import { fromWire } from './wire.ts';

export interface LoadOptions extends ReadOptions {
  /** Namespace of a PatchIntent that names none, as kubectl fills it in. Default `default`. */
  readonly namespace?: string | undefined;
  /** Strict mode: warnings count as findings. Default false. */
  readonly strict?: boolean | undefined;
}

interface Loaded {
  /** The name of the text, and the line on which the document begins. */
  readonly source: string;
  readonly line: number;
  /** `metadata.name` of a PatchIntent. A wire document has no name. */
  readonly name?: string;
}

/** A document that may be planned. */
export interface ValidIntent extends Loaded {
  readonly valid: true;
  readonly form: 'wire' | 'resource';
  /** The namespace of the intent itself; that of its target is `spec.namespace`. */
  readonly namespace: string;
  readonly spec: ResolvedSpec;
  readonly generation?: number;
  readonly uid?: string;
  /** What strict mode would refuse. */
  readonly warnings: readonly PlacedFinding[];
  /** Gives a later finding about a field of the spec its place in the text, by the name that the field has there. */
  placeOf(field: keyof ResolvedSpec, finding: Omit<Finding, 'pointer'>): PlacedFinding;
}

export interface InvalidIntent extends Loaded {
  readonly valid: false;
  /** False where the text could not be read as JSON or YAML at all: then there is no schema that it violates. */
  readonly read: boolean;
  /** At least one. */
  readonly findings: readonly PlacedFinding[];
}

export type LoadedIntent = ValidIntent | InvalidIntent;

/**
 * The intents of a text, one per document, valid or with all findings and their places. A document with `apiVersion` or
 * `kind` is a PatchIntent manifest, any other is a wire document. Never throws, for any input.
 */
export function loadIntents(input: string | Uint8Array, options: LoadOptions): readonly LoadedIntent[] {
  return readDocuments(input, options).map((document): LoadedIntent => {
    const { line } = document;
    const origin = { source: options.name, line };
    if ('findings' in document) return { ...origin, valid: false, read: false, findings: document.findings };
    return loadDocument(document, origin, options);
  });
}

function loadDocument(document: ReadDocument, origin: Loaded, options: LoadOptions): LoadedIntent {
  const { value } = document;
  const content = isResource(value) ? fromResource(value, options.namespace ?? 'default') : fromDocument(value);
  const named = content.name === undefined ? origin : { ...origin, name: content.name };
  if ('findings' in content) return invalid(document, named, content.findings);
  const { form, namespace, identity } = content;
  const spec = resolveSpec(content.spec, namespace);
  const warnings = warningsOf(spec).map((message) => ({ code: 'warning', pointer: content.pointer, message }));
  if (options.strict === true && warnings.length > 0) {
    return invalid(
      document,
      named,
      warnings.map((found) => ({ ...found, code: 'strict-mode' })),
    );
  }
  const placed = warnings.map((found) => document.place(found, 'key'));
  const placeOf: ValidIntent['placeOf'] = (field, finding) =>
    document.place({ ...finding, pointer: form === 'wire' ? `/${wireNameOf(field)}` : `/spec/${field}` });
  return { ...named, valid: true, form, namespace, spec, ...identity, warnings: placed, placeOf };
}

function invalid(document: ReadDocument, origin: Loaded, findings: readonly Finding[]): InvalidIntent {
  const placed = findings.map((found) => document.place(found, found.code === 'unknown-field' ? 'key' : 'value'));
  const inOrder = placed.sort((one, other) => one.line - other.line || one.column - other.column);
  return { ...origin, valid: false, read: true, findings: inOrder };
}

type Content =
  | { readonly name?: string; readonly findings: readonly Finding[] }
  | {
      readonly name?: string;
      readonly form: ValidIntent['form'];
      readonly namespace: string;
      readonly spec: PatchIntentSpec;
      /** Where the spec begins in the document. */
      readonly pointer: string;
      readonly identity: Pick<ValidIntent, 'generation' | 'uid'>;
    };

function fromDocument(value: unknown): Content {
  const read = fromWire(value);
  return 'findings' in read ? read : { form: 'wire', pointer: '', identity: {}, ...read };
}

function fromResource(value: Readonly<Record<string, unknown>>, fallback: string): Content {
  const findings = checkResource(value);
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const name = typeof metadata.name === 'string' ? { name: metadata.name } : {};
  if (findings.length > 0) return { ...name, findings };
  return {
    ...name,
    form: 'resource',
    namespace: typeof metadata.namespace === 'string' ? metadata.namespace : fallback,
    spec: value.spec as PatchIntentSpec,
    pointer: '/spec',
    identity: {
      ...(typeof metadata.generation === 'number' ? { generation: metadata.generation } : {}),
      ...(typeof metadata.uid === 'string' ? { uid: metadata.uid } : {}),
    },
  };
}
