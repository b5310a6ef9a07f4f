import { isSecretKey, REDACTED, redact } from './redact.ts';

const MAX_DEPTH = 6;
const MAX_ITEMS = 64;
const MAX_TEXT = 8192;

/** A copy of log fields that can be serialised whatever was put in: bounded, without secrets, errors with reason and cause. Never throws. */
export function loggable(fields: object): Record<string, unknown> {
  const copy = plain(fields, 0);
  return typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? { ...copy } : { value: copy };
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redact(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Map) return plainObject([...value], depth);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, MAX_ITEMS).map((item) => plain(item, depth + 1));
  }
  return plainObject(entriesOf(value), depth);
}

function plainObject(entries: readonly (readonly [unknown, unknown])[], depth: number): Record<string, unknown> {
  const pairs = entries.slice(0, MAX_ITEMS).map(([name, value]) => {
    const key = String(name);
    return [key, isSecretKey(key) && value !== undefined ? REDACTED : plain(value, depth + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

function entriesOf(value: object): [string, unknown][] {
  return Object.keys(value).map((key) => {
    try {
      return [key, (value as Readonly<Record<string, unknown>>)[key]];
    } catch {
      return [key, 'unreadable'];
    }
  });
}

// What tells errors apart. Other own properties may be large or secret (a response body, a request) and stay out.
const ERROR_FIELDS = ['reason', 'class', 'code', 'errno', 'syscall', 'path', 'status', 'retryAfterMs'] as const;

function plainError(error: Error, depth: number): Record<string, unknown> {
  const named = Object.fromEntries(entriesOf(error).filter(([key]) => ERROR_FIELDS.some((field) => field === key)));
  return {
    type: error.name,
    message: plain(error.message, depth),
    ...plainObject(Object.entries(named), depth),
    ...(error instanceof AggregateError ? { errors: plain(error.errors, depth + 1) } : {}),
    ...(error.cause === undefined ? {} : { cause: plain(error.cause, depth + 1) }),
    ...(error.stack === undefined ? {} : { stack: plain(error.stack, depth) }),
  };
}
