import { Rejected } from '../api/errors.ts';
import type { Change } from './change.ts';

interface NameRule {
  readonly pattern: RegExp;
  readonly max: number;
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

/** The rules of the names that a package is made of. They are stricter than any file system needs. */
export const NAME_RULES = {
  type: { pattern: /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/, max: 32 },
  apiVersion: { pattern: /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?v[0-9][a-z0-9]*$/, max: 317 },
  kind: { pattern: /^[A-Z][A-Za-z0-9]*$/, max: 63 },
  namespace: { pattern: LABEL, max: 63 },
  target: { pattern: LABEL, max: 253 },
} as const satisfies Record<string, NameRule>;

/**
 * Checks once more what validation has accepted, because names become file names and text of files here (defence in
 * depth: a stored object may be older than its schema). Throws Rejected InvalidPath.
 */
export function assertNames(change: Change): void {
  check('type', change.type);
  check('apiVersion', change.target.apiVersion);
  check('kind', change.target.kind);
  check('namespace', change.target.namespace);
  check('target', change.target.name);
}

function check(what: keyof typeof NAME_RULES, name: unknown): void {
  const { pattern, max } = NAME_RULES[what];
  if (typeof name === 'string' && name.length <= max && pattern.test(name)) return;
  throw refusal(what, name, pattern, max);
}

function refusal(what: keyof typeof NAME_RULES, name: unknown, pattern: RegExp, max: number): Rejected {
  if (typeof name !== 'string') return new Rejected('InvalidPath', `${what} is not a string`);
  // JSON escapes control characters, so a hostile name can't forge a line of the log.
  const shown = JSON.stringify(name.slice(0, 64));
  // `..`, a separator of any system, or a control character (NUL ends a path in the kernel's eyes).
  const escapes = /\.\.|[\\\p{Cc}]/u.test(name) || (what !== 'apiVersion' && name.includes('/'));
  if (escapes) return new Rejected('InvalidPath', `path traversal detected: ${what} ${shown}`);
  if (name.length > max)
    return new Rejected('InvalidPath', `${what} too long: ${name.length} characters, at most ${max}`);
  return new Rejected('InvalidPath', `${what} does not match pattern ${pattern.source}: ${shown}`);
}
