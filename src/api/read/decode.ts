import { quote } from '../quote.ts';
import { type Fault } from './fault.ts';
import { MAX_INPUT_BYTES } from './limits.ts';

export type Decoded = { readonly text: string } | { readonly text: string; readonly fault: Fault };

/**
 * The text of an input: at most 1 MiB, UTF-8 without a single wrong byte. One byte order mark at the very beginning is
 * passed over; UTF-16, with or without a mark, is no UTF-8. Where there is a fault, `text` is what comes before it.
 */
export function decode(input: string | Uint8Array): Decoded {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength;
  if (size > MAX_INPUT_BYTES) {
    const message = `the input is too large: ${size} bytes, at most ${MAX_INPUT_BYTES} are read`;
    return { text: '', fault: { code: 'input-too-large', message, pointer: '', start: 0, end: 0 } };
  }
  if (typeof input !== 'string') return decodeBytes(input);
  const text = withoutMark(input);
  if (text.isWellFormed()) return { text };
  return notUtf8(text, text.search(/\p{Surrogate}/u), 'half of a surrogate pair');
}

function decodeBytes(bytes: Uint8Array): Decoded {
  const whole = strictDecode(bytes, false);
  if (whole !== undefined) return { text: withoutMark(whole) };
  const good = strictDecode(bytes.subarray(0, longestGood(bytes)), true) ?? '';
  const byte = bytes[Buffer.byteLength(good)] ?? 0;
  const before = withoutMark(good);
  return notUtf8(before, before.length, `the byte 0x${byte.toString(16).padStart(2, '0')}`);
}

function notUtf8(text: string, start: number, found: string): Decoded {
  const message = `the input is not UTF-8: found ${found}${start > 0 ? ` after ${quote(text.slice(Math.max(0, start - 16), start))}` : ''}`;
  return { text, fault: { code: 'invalid-encoding', message, pointer: '', start, end: start + 1 } };
}

/** How many leading bytes could still be the beginning of a good text. */
function longestGood(bytes: Uint8Array): number {
  let low = 0;
  let high = bytes.byteLength;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (strictDecode(bytes.subarray(0, middle), true) === undefined) high = middle - 1;
    else low = middle;
  }
  return low;
}

function strictDecode(bytes: Uint8Array, stream: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream });
  } catch {
    return undefined;
  }
}

function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
