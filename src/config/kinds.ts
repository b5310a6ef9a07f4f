/** How the text of one setting becomes a value. `parse` returns undefined where the text is none of `allowed`. */
export interface Kind<T> {
  /** What stands for the value in help texts: `<duration>`. */
  readonly placeholder: string;
  /** The rest of the sentence "… must be". */
  readonly allowed: string;
  readonly parse: (text: string) => T | undefined;
}

/** Where a server listens. `host` undefined means every interface. */
export interface BindAddress {
  readonly host: string | undefined;
  readonly port: number;
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy;
// setTimeout cannot wait longer: a larger number would fire at once.
const LONGEST_MS = 2 ** 31 - 1;

/** Milliseconds of a Go duration (`1h30m`, `250ms`, `0`), or undefined. Source: the grammar of Go's time.ParseDuration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let total = 0;
  let end = 0;
  for (const [part, amount, unit] of text.matchAll(DURATION_PART)) {
    total += Number(amount) * (DURATION_UNITS[unit ?? ''] ?? Number.NaN);
    end += part.length;
  }
  return text.length > 0 && end === text.length && Number.isFinite(total) ? total : undefined;
}

/** A span of time in milliseconds, from `min` up to 24 days. */
export function duration(min: string, example: string): Kind<number> {
  const least = parseDuration(min) ?? 0;
  return {
    placeholder: '<duration>',
    allowed: `a duration of at least ${min}, such as ${example}`,
    parse: (text) => {
      const ms = parseDuration(text);
      return ms === undefined || ms < least || ms > LONGEST_MS ? undefined : ms;
    },
  };
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes, written as Kubernetes quantities are: `1Mi`, `500M`, `1048576`. */
export const byteSize: Kind<number> = {
  placeholder: '<bytes>',
  allowed: 'a size in bytes, such as 1Mi, 500M or 1048576',
  parse: (text) => {
    const match = /^(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?$/.exec(text);
    const bytes = match ? Number(match[1]) * (BYTE_UNITS[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
    return Number.isSafeInteger(bytes) ? bytes : undefined;
  },
};

/** `:8080`, `127.0.0.1:0`, `[::1]:8080`; null for `0`, which switches the server off. */
export const bindAddress: Kind<BindAddress | null> = {
  placeholder: '<address>',
  allowed: 'an address such as :8080, 127.0.0.1:8080 or [::1]:8080 (port 0 takes a free one), or 0 to switch it off',
  parse: (text) => {
    if (text === '0') return null;
    const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text);
    const port = Number(match?.[3]);
    if (!match || port > 65_535) return undefined;
    return { host: match[1] ?? (match[2] || undefined), port };
  },
};

export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    placeholder: '<n>',
    allowed: `a whole number between ${min} and ${max}`,
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

export const fraction: Kind<number> = {
  placeholder: '<0..1>',
  allowed: 'a number between 0 and 1, such as 0.5',
  parse: (text) => {
    const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= 0 && value <= 1 ? value : undefined;
  },
};

export const flag: Kind<boolean> = {
  placeholder: '[true|false]',
  allowed: 'true or false',
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

/** A file system path; an empty one is refused rather than taken for the current directory. */
export const path: Kind<string> = {
  placeholder: '<path>',
  allowed: 'a path without control characters',
  parse: (text) => (text !== '' && !/\p{Cc}/u.test(text) ? text : undefined),
};

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const isNamespace = (text: string): boolean => text.length <= 63 && LABEL.test(text);

export const namespace: Kind<string> = {
  placeholder: '<namespace>',
  allowed: 'a namespace name (lower-case letters, digits and -, at most 63 characters)',
  parse: (text) => (isNamespace(text) ? text : undefined),
};

export const objectName: Kind<string> = {
  placeholder: '<name>',
  allowed: 'an object name (lower-case letters, digits, - and ., at most 253 characters)',
  parse: (text) => (text.length <= 253 && SUBDOMAIN.test(text) ? text : undefined),
};

export const contextName: Kind<string> = {
  placeholder: '<name>',
  allowed: 'the name of a context in the kubeconfig',
  parse: (text) => (text !== '' ? text : undefined),
};

/** Names separated by commas; blanks around them do not count, repeated names count once. Empty text is the empty list. */
export const namespaces: Kind<readonly string[]> = {
  placeholder: '<a,b>',
  allowed: 'namespace names separated by commas',
  parse: (text) => {
    const names = text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    return names.every(isNamespace) ? [...new Set(names)] : undefined;
  },
};
