import { load } from 'js-yaml';
import { fileKeyOf, rowOf, SETTING_NAMES, type SETTINGS, type SettingName, variableOf } from './table.ts';

type ValueOf<K extends SettingName> =
  NonNullable<ReturnType<(typeof SETTINGS)[K]['kind']['parse']>> extends infer V
    ? V | (null extends ReturnType<(typeof SETTINGS)[K]['kind']['parse']> ? null : never)
    : never;

/** The settings, parsed and checked. Times are milliseconds, sizes bytes; an address is null where the server is switched off. */
export type Settings = {
  readonly [K in SettingName]: undefined extends (typeof SETTINGS)[K]['default'] ? ValueOf<K> | undefined : ValueOf<K>;
};

/** Texts of flags by camel-cased name, as commander hands them out (`{ outputDir: '/data' }`). */
export type Flags = Readonly<Record<string, unknown>>;
export type Environment = Readonly<Record<string, string | undefined>>;
/** Returns the text of a file, or throws as `fs.readFileSync` does. */
export type ReadText = (path: string) => string;

/** A setting that cannot be used. The message is one line that names the source and what is allowed. Exit 2. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

interface Given {
  readonly text: string;
  readonly source: string;
}

/**
 * The settings from flags, environment, file (`--config`, `PATCHGEN_CONFIG`) and defaults, in this order of precedence.
 * Empty variables and empty file values count as not given. With `names` only those are read and checked.
 * Throws `SettingError`.
 */
export function loadSettings<K extends SettingName = SettingName>(
  flags: Flags,
  env: Environment,
  readFile: ReadText,
  names: readonly K[] = SETTING_NAMES as readonly K[],
): Pick<Settings, K> {
  const file = readConfigFile(flags, env, readFile);
  const given = (name: K): Given | undefined => fromFlags(name, flags) ?? fromEnvironment(name, env) ?? file(name);
  const sources = new Map<SettingName, string>();
  const entries = names.map((name) => {
    const found = given(name);
    if (found) sources.set(name, found.source);
    return [name, parse(name, found)] as const;
  });
  const settings = Object.freeze(Object.fromEntries(entries)) as Pick<Settings, K>;
  checkTogether(settings, (name) => sources.get(name));
  return settings;
}

function parse(name: SettingName, given: Given | undefined): unknown {
  const row = rowOf(name);
  const text = given?.text ?? row.default;
  if (text === undefined) return undefined;
  const value = row.kind.parse(text);
  if (value === undefined) throw new SettingError(`${given?.source}: must be ${row.kind.allowed}, got ${quote(text)}`);
  return value;
}

function fromFlags(name: SettingName, flags: Flags): Given | undefined {
  const { flag } = rowOf(name);
  const text = flags[fileKeyOf(flag)];
  return text === undefined ? undefined : { text: textOf(text, `--${flag}`), source: `--${flag}` };
}

function fromEnvironment(name: SettingName, env: Environment): Given | undefined {
  const variable = variableOf(rowOf(name).flag);
  const text = env[variable];
  return text === undefined || text === '' ? undefined : { text, source: variable };
}

function readConfigFile(flags: Flags, env: Environment, readFile: ReadText): (name: SettingName) => Given | undefined {
  const path = flags.config === undefined ? env.PATCHGEN_CONFIG : textOf(flags.config, '--config');
  if (path === undefined || path === '') return () => undefined;
  const values = parseFile(path, readFile);
  const known = new Map(SETTING_NAMES.map((name) => [fileKeyOf(rowOf(name).flag), name]));
  for (const key of Object.keys(values)) {
    if (known.has(key)) continue;
    throw new SettingError(`${path}: unknown setting ${quote(key)}; known are ${[...known.keys()].sort().join(', ')}`);
  }
  return (name) => {
    const key = fileKeyOf(rowOf(name).flag);
    const text = Object.hasOwn(values, key) ? textOf(values[key], `${path}: ${key}`) : '';
    return text === '' ? undefined : { text, source: `${path}: ${key}` };
  };
}

function parseFile(path: string, readFile: ReadText): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = load(readFile(path), { maxDepth: 8 }) ?? {};
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new SettingError(`${path}: cannot be read as a config file: ${message}`, { cause: error });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new SettingError(`${path}: must be a YAML mapping of settings, such as "workers: 16"`);
  }
  return document as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown, source: string): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((item) => textOf(item, source)).join(',');
  if (typeof value === 'object') throw new SettingError(`${source}: must be one value or a list, got a mapping`);
  const scalar = value as string | number | boolean;
  return String(scalar);
}

// Source: client-go leaderelection.JitterFactor. A renewal that starts a jittered period late must still be in time.
const JITTER_FACTOR = 1.2;

function checkTogether(settings: Partial<Settings>, sourceOf: (name: SettingName) => string | undefined): void {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = settings;
  if (leaseDurationMs === undefined || renewDeadlineMs === undefined || retryPeriodMs === undefined) return;
  const told = (name: SettingName, ms: number): string =>
    `--${rowOf(name).flag} (${ms / 1000}s, ${sourceOf(name) ?? 'default'})`;
  const renew = told('renewDeadlineMs', renewDeadlineMs);
  if (leaseDurationMs <= renewDeadlineMs) {
    throw new SettingError(`${told('leaseDurationMs', leaseDurationMs)} must be longer than ${renew}`);
  }
  if (renewDeadlineMs <= retryPeriodMs * JITTER_FACTOR) {
    const retry = told('retryPeriodMs', retryPeriodMs);
    throw new SettingError(`${renew} must be longer than ${JITTER_FACTOR} times ${retry}`);
  }
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
