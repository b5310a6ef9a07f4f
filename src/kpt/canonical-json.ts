import { Rejected } from '../api/errors.ts';

/** Deeper values are refused: no change needs them, and recursion must end before the stack does. */
const MAX_DEPTH = 64;

/**
 * The one JSON text of a value: keys sorted by UTF-16 code unit, no white space, strings as they are (no Unicode
 * normalisation), safe integers only. Equal values give equal text whatever order their keys were written in; keys whose
 * value is `undefined` count as absent. In the manner of RFC 8785, less fractions, which no change carries.
 *
 * Throws Rejected MarshalFailed for what JSON can't hold exactly: fractions, unsafe integers, NaN, lone surrogates,
 * bigints, functions, symbols, class instances, cycles and nesting deeper than 64.
 */
export function canonicalJson(value: unknown): string {
  return encode(value, '', 0);
}

function encode(value: unknown, at: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return encodeString(value, at);
    case 'number':
      if (!Number.isSafeInteger(value)) throw failed(at, `${value} is not a safe integer`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_DEPTH) throw failed(at, `nested deeper than ${MAX_DEPTH} levels, or in a cycle`);
      return Array.isArray(value) ? encodeArray(value, at, depth) : encodeObject(value, at, depth);
    default:
      throw failed(at, `${typeof value} has no JSON form`);
  }
}

function encodeString(value: string, at: string): string {
  if (!value.isWellFormed()) throw failed(at, 'the text holds half of a surrogate pair');
  return JSON.stringify(value);
}

function encodeArray(value: readonly unknown[], at: string, depth: number): string {
  const parts: string[] = [];
  for (let index = 0; index < value.length; index++) parts.push(encode(value[index], `${at}/${index}`, depth + 1));
  return `[${parts.join(',')}]`;
}

function encodeObject(value: object, at: string, depth: number): string {
  if (!isPlain(value)) throw failed(at, 'only plain objects have a JSON form');
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const member: unknown = value[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${encodeString(key, at)}:${encode(member, `${at}/${key}`, depth + 1)}`;
  }
  return `{${text}}`;
}

/** True for `{}` and for objects without a prototype; a Date or a Map would lose its content without a word. */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function failed(at: string, why: string): Rejected {
  return new Rejected('MarshalFailed', `failed to marshal ${at === '' ? 'the value' : JSON.stringify(at)}: ${why}`);
}
