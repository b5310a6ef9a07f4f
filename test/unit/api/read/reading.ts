import type { Document } from '../../../../src/api/read/documents.ts';

/** The value of the only document. Throws where there are findings or more documents. */
export function valueOf(documents: readonly Document[]): unknown {
  const [document] = documents;
  if (documents.length !== 1 || document === undefined || 'findings' in document)
    throw new Error(said(documents).join());
  return document.value;
}

/** `line:column message` of every finding. */
export function said(documents: readonly Document[]): readonly string[] {
  return documents.flatMap((document) =>
    'findings' in document ? document.findings.map((found) => `${found.line}:${found.column} ${found.message}`) : [],
  );
}

export function codesOf(documents: readonly Document[]): readonly string[] {
  return documents.flatMap((document) => ('findings' in document ? document.findings.map(({ code }) => code) : []));
}
