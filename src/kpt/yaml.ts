import { Rejected } from '../api/errors.ts';
import { isPlain } from './canonical-json.ts';

// Our own writer, for two reasons: package bytes are frozen, so a new release of a YAML library must not move them; and
// rendering has a budget of microseconds that a general dumper overdraws (10 µs per document against about 1).

const MAX_DEPTH = 64;

/** Words that YAML 1.1 or 1.2 readers take for a boolean or null. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
/** `e2`: the 1.1 mode of a common reader takes it for an exponent without a number, and gives NaN. */
const EXPONENT = /^e[-+]?[0-9_]+$/i;
/** Text that no reader takes for anything but text: begins with a letter, and holds no indicator. */
const PLAIN = /^[A-Za-z][A-Za-z0-9._/-]*$/;
/** What JSON leaves as it is and YAML does not allow or folds: DEL, C1 controls, line separators, BOM, non-characters. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A string as a YAML scalar that YAML 1.1 and 1.2 readers read back as that very string: `web`, `"010"`, `"on"`. */
export function yamlString(text: string): string {
  if (PLAIN.test(text) && !RESERVED.test(text) && !EXPONENT.test(text)) return text;
  if (!text.isWellFormed()) throw failed('the text holds half of a surrogate pair');
  // A JSON string is a YAML double-quoted scalar, less these characters.
  return JSON.stringify(text).replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A YAML block document of a plain object: keys sorted, two spaces a level, ends with a line end. Sorting gives
 * Kubernetes' customary order (apiVersion, kind, metadata, spec) for free, and one text for one value.
 * Throws Rejected MarshalFailed for what YAML can't hold exactly: the same list as `canonicalJson`.
 */
export function yamlDocument(value: Readonly<Record<string, unknown>>): string {
  const text = mapping(value, '', 0);
  return text === '' ? '{}\n' : text;
}

function mapping(value: Readonly<Record<string, unknown>>, indent: string, depth: number): string {
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) text += `${indent}${yamlString(key)}:${child(member, indent, depth)}`;
  }
  return text;
}

function sequence(items: readonly unknown[], indent: string, depth: number): string {
  let text = '';
  for (let index = 0; index < items.length; index++) text += `${indent}-${child(items[index], indent, depth)}`;
  return text;
}

/** What follows `key:` or `-`, with its line end. */
function child(value: unknown, indent: string, depth: number): string {
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}\n`;
  if (depth >= MAX_DEPTH) throw failed(`nested deeper than ${MAX_DEPTH} levels, or in a cycle`);
  if (Array.isArray(value)) {
    return value.length === 0 ? ' []\n' : `\n${sequence(value, `${indent}  `, depth + 1)}`;
  }
  if (!isPlain(value)) throw failed('only plain objects have a YAML form');
  const text = mapping(value, `${indent}  `, depth + 1);
  return text === '' ? ' {}\n' : `\n${text}`;
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return yamlString(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value !== 'number') throw failed(`${typeof value} has no YAML form`);
  if (!Number.isSafeInteger(value)) throw failed(`${value} is not a safe integer`);
  return JSON.stringify(value);
}

function failed(why: string): Rejected {
  return new Rejected('MarshalFailed', `failed to marshal the package: ${why}`);
}
