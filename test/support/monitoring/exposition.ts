/** One line of the text format of Prometheus. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly samples: readonly Sample[];
  /** Type by family: `counter`, `gauge`, `histogram`, `summary`. */
  readonly types: ReadonlyMap<string, string>;
  readonly help: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/gy;
const ESCAPED: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };

/** Reads the text format of Prometheus. Throws on a line that is none of it. */
export function readExposition(text: string): Exposition {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const help = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, kind, family = '', rest = ''] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') types.set(family, rest);
    else if (kind === 'HELP') help.set(family, rest);
    else if (line !== '' && !line.startsWith('#')) samples.push(sampleOf(line));
  }
  return { samples, types, help };
}

function sampleOf(line: string): Sample {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
  return { name, labels: labelsOf(labels, line), value: numberOf(value) };
}

function labelsOf(text: string, line: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(LABEL)];
  if (found.map(([all]) => all).join('') !== text) throw new Error(`not labels: ${line}`);
  return Object.fromEntries(
    found.map(([, name = '', value = '']) => [name, value.replaceAll(/\\./g, (it) => ESCAPED[it] ?? it)]),
  );
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}

/** The family that a sample belongs to: histograms have samples with endings of their own. */
export function familyOf({ name }: Pick<Sample, 'name'>, { types }: Exposition): string {
  if (types.has(name)) return name;
  return name.replace(/_(bucket|sum|count)$/, '');
}
