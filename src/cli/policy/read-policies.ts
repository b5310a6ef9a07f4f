import { type PolicyObject, readPolicy } from '../../api/policy/resource.ts';
import { type Document, type PlacedFinding, readDocuments } from '../../api/read/documents.ts';
import { type CompiledPolicy, compilePolicy } from '../../policy/compile.ts';
import { type InputOptions, type ReadContext, readFileWith } from '../input.ts';
import type { Io } from '../io.ts';

/** One file of policies: what is in it, or why it could not be read. */
export type PolicyFile =
  | { readonly name: string; readonly policies: readonly CompiledPolicy[]; readonly findings: readonly PlacedFinding[] }
  | { readonly name: string; readonly error: string };

/** Reads files of PatchPolicy manifests, one after the other. Never rejects. */
export async function readPolicyFiles(
  io: Io,
  files: readonly string[],
  options: Pick<InputOptions, 'clock' | 'timeoutMs'>,
): Promise<readonly PolicyFile[]> {
  const seen = new Set<string>();
  const read: PolicyFile[] = [];
  for (const file of files) {
    const one = await readFileWith(io, file, options, (bytes, context) => policiesIn(bytes, context, seen));
    read.push('error' in one ? one : { name: one.name, ...one.parsed });
  }
  return read;
}

/** All policies of the files; undefined when any file or policy is not as it should be. */
export function policiesOf(files: readonly PolicyFile[]): readonly CompiledPolicy[] | undefined {
  const good = files.every((file) => 'policies' in file && file.findings.length === 0);
  return good ? files.flatMap((file) => ('policies' in file ? file.policies : [])) : undefined;
}

function policiesIn(bytes: Uint8Array, context: ReadContext, seen: Set<string>) {
  const results = readDocuments(bytes, context).map((document) => policyIn(document, seen));
  return {
    policies: results.flatMap((result) => ('policy' in result ? result.policy : [])),
    findings: results.flatMap((result) => ('findings' in result ? result.findings : [])),
  };
}

type Result = { readonly policy: CompiledPolicy } | { readonly findings: readonly PlacedFinding[] };

function policyIn(document: Document, seen: Set<string>): Result {
  if ('findings' in document) return document;
  const read = readPolicy(document.value);
  if ('findings' in read) {
    return {
      findings: read.findings.map((one) => document.place(one, one.code === 'unknown-field' ? 'key' : 'value')),
    };
  }
  const policy = compilePolicy(read);
  const findings = [...repeated(read, seen), ...policy.problems.map(problemFinding)];
  return findings.length === 0 ? { policy } : { findings: findings.map((one) => document.place(one)) };
}

/** Two policies of one name are one object in a cluster: it would be left to chance which. */
function repeated({ name }: PolicyObject, seen: Set<string>) {
  if (!seen.has(name)) {
    seen.add(name);
    return [];
  }
  return [{ code: 'repeated-name', pointer: '/metadata/name', message: `there is another policy ${name}` }];
}

function problemFinding({ pointer, message }: CompiledPolicy['problems'][number]) {
  return { code: 'unusable', pointer: `/spec${pointer}`, message };
}
