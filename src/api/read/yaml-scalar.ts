import { exactNumber } from './number.ts';

export type Scalar =
  | { readonly value: string | number | boolean | null }
  | { readonly refused: 'ambiguous-scalar' | 'inexact-number'; readonly why: string };

const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);
const TRUES: ReadonlySet<string> = new Set(['true', 'True', 'TRUE']);
const FALSES: ReadonlySet<string> = new Set(['false', 'False', 'FALSE']);
const OLD_BOOLEAN = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
const DECIMAL = /^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const OTHER_NUMBER =
  /^[-+]?(?:0[0-9_.]+(?:[eE][-+]?[0-9]+)?|0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][0-9_]*(?:\.[0-9_]*)?)$/;
const CLOCK = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/**
 * What an unquoted scalar means, by the core schema of YAML 1.2. Where YAML 1.1, which kubectl and the API server read,
 * sees something else (`on`, `010`, `0x1F`, `1_000`, `12:30`), it is refused rather than guessed: quotes make it text,
 * decimal digits make it a number.
 */
export function plainScalar(text: string): Scalar {
  if (NULLS.has(text)) return { value: null };
  if (TRUES.has(text)) return { value: true };
  if (FALSES.has(text)) return { value: false };
  if (DECIMAL.test(text)) {
    const value = exactNumber(text);
    return value === undefined ? { refused: 'inexact-number', why: 'cannot be kept exactly' } : { value };
  }
  if (NOT_FINITE.test(text)) return { refused: 'inexact-number', why: 'is not a number that JSON has' };
  if (OLD_BOOLEAN.test(text)) {
    return {
      refused: 'ambiguous-scalar',
      why: 'is a boolean to some readers and text to others: write true or false, or quote it',
    };
  }
  if (OTHER_NUMBER.test(text) || CLOCK.test(text)) {
    return {
      refused: 'ambiguous-scalar',
      why: 'is not the same number to every reader: write it in plain decimal digits, or quote it',
    };
  }
  return { value: text };
}
