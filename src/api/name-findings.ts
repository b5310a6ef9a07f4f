import type { Finding } from './finding.ts';
import { MAX_INTENT_NAME_LENGTH } from './limits.ts';
import { hasInvisible, quote } from './quote.ts';
import { finding, type Naming, pointerTo } from './schema-findings.ts';

/** Names that become segments of paths. */
const PATH_FIELDS = ['target', 'namespace'] as const;

// Percent-encoded dots, slashes, and the percent sign itself (double encoding): harmless here, but no one means well by them.
const ENCODED_STEP = /%(2e|2f|5c|25|00)/i;

/**
 * Names that would lead somewhere else if they were used in a path as they are. The pattern forbids them too; they get
 * a finding of their own because they are an attack or an accident, not a typing mistake.
 */
export function nameFindings(spec: Readonly<Record<string, unknown>>, naming: Naming): readonly Finding[] {
  return PATH_FIELDS.flatMap((field) => {
    const value = Object.hasOwn(spec, field) ? spec[field] : undefined;
    return typeof value === 'string' ? hazards(naming(field), value) : [];
  });
}

function hazards(name: string, value: string): readonly Finding[] {
  const found: Finding[] = [];
  if (leavesFolder(value)) {
    const message = `path traversal detected: ${name} ${quote(value)} is not a plain name`;
    found.push(finding('path-traversal', pointerTo(name), message));
  }
  if (hasInvisible(value)) {
    const message = `${name} holds control or invisible characters: ${quote(value)}`;
    found.push(finding('unsafe-characters', pointerTo(name), message));
  }
  return found;
}

function leavesFolder(value: string): boolean {
  return value === '.' || value.includes('..') || /[/\\]/.test(value) || ENCODED_STEP.test(value);
}

/** What the API server checks of `metadata.name` beyond its own rules, for objects that came in without that check. */
export function checkName(name: string): readonly Finding[] {
  if (name.length <= MAX_INTENT_NAME_LENGTH) return [];
  const message = `metadata.name too long: ${name.length} characters, at most ${MAX_INTENT_NAME_LENGTH}`;
  return [finding('too-long', '/metadata/name', message)];
}
