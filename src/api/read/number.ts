const DECIMAL = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/;

/**
 * The number that a decimal literal stands for, or undefined where a double would not keep it: infinite (`1e400`), an
 * integer beyond 2^53 − 1, or a fraction that only rounding makes whole (`3.00000000000000000001`, `1e-400`). `3.0` and
 * `3e0` are 3, and −0 is 0. Other fractions become the nearest double: no field takes one, so they are refused by the
 * schema, by their value.
 */
export function exactNumber(literal: string): number | undefined {
  const value = Number(literal);
  if (!Number.isFinite(value)) return undefined;
  if (!Number.isInteger(value)) return value;
  if (!Number.isSafeInteger(value) || !isWhole(literal)) return undefined;
  return value === 0 ? 0 : value;
}

function isWhole(literal: string): boolean {
  const parts = DECIMAL.exec(literal);
  if (parts === null) return false;
  const [, , whole = '', fraction = '', exponent = '0'] = parts;
  const digits = lastNonZero(whole + fraction);
  if (digits === 0) return true;
  return digits <= whole.length + Number(exponent);
}

/** How many digits there are up to the last that is not 0. */
function lastNonZero(digits: string): number {
  let length = digits.length;
  while (length > 0 && digits[length - 1] === '0') length -= 1;
  return length;
}
