import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { READ_CODES } from '../../../src/api/read/fault.ts';
import { runCli } from '../../../src/cli/frame.ts';
import { asStorageFailure } from '../../../src/kpt/publisher/failures.ts';
import { yamlDocument } from '../../../src/kpt/yaml.ts';
import { FileError } from '../../../src/platform/files/errno.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';
import { anchorsOf, CHECKOUT, readPage } from '../../support/docs/pages.ts';
import { recordedIo } from '../../support/io.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const page = readPage('docs/troubleshooting.md');
const sections = page.text.split(/^### /m).slice(1);

const VALID = { intent_type: 'scaling', target: 'web', namespace: 'shop', replicas: 5 };
const document = (changes: object): string => JSON.stringify({ ...VALID, ...changes });

/** What `patchgen` says to this line, with the text on its standard input. */
async function said(input: string, ...args: readonly string[]): Promise<string> {
  const io = recordedIo(input);
  const code = await runCli(args, io);
  expect(code).toBe(1);
  return io.out() + io.err();
}

const validated = (input: string): Promise<string> => said(input, 'validate', '-');
const failing = async (work: () => unknown): Promise<string> => {
  try {
    work();
    return 'it did not fail';
  } catch (error) {
    return String(error);
  }
};

/** The words that users and their scripts look for, each with what makes the program say them. */
const PHRASES: Readonly<Record<string, () => Promise<string>>> = {
  'invalid JSON': () => validated('{"intent_type": }'),
  'schema validation failed': () => validated(document({ reason: 7 })),
  "intent_type must be 'scaling'": () => validated(document({ intent_type: 'restart' })),
  'replicas out of range': () => validated(document({ replicas: 101 })),
  'target does not match pattern': () => validated(document({ target: 'Web' })),
  'namespace too long': () => validated(document({ namespace: 'n'.repeat(64) })),
  'path traversal detected': () => validated(document({ target: '../web' })),
  'output directory does not exist': () =>
    said(document({}), 'generate', '-', '--output', join(tempFolder(), 'not-there')),
  'permission denied': async () => String(asStorageFailure(new FileError('EACCES', 'mkdir', '/packages/shop'))),
  'insufficient disk space': () =>
    said(document({}), 'generate', '-', '--output', existing(), '--min-free-space', '8000Ti'),
  'failed to marshal': () => failing(() => yamlDocument({ replicas: Number.NaN })),
};

/** Headings that quote a message with a name filled in. */
const FILLED_IN: Readonly<Record<string, () => Promise<string>>> = {
  'kind must be PatchIntent': () => validated(JSON.stringify({ apiVersion: 'patchgen.dev/v1alpha1', kind: 'Service' })),
  'apiVersion must be patchgen.dev/v1alpha1': () =>
    validated(JSON.stringify({ apiVersion: 'v1', kind: 'PatchIntent' })),
};

function existing(): string {
  const folder = join(tempFolder(), 'out');
  mkdirSync(folder);
  return folder;
}

describe('the words that scripts match on', () => {
  test.each(Object.keys(PHRASES))('%s has a section with cause and fix', (phrase) => {
    const section = sections.find((one) => one.startsWith(`\`${phrase}\``));
    expect(section).toContain('**Cause.**');
    expect(section).toMatch(/\*\*Fix\.\*\*|\| fix \|/);
  });

  test.each(Object.entries({ ...PHRASES, ...FILLED_IN }))('%s is really said', async (phrase, provoke) => {
    expect(await provoke()).toContain(phrase);
  });

  test.each([...READ_CODES])('the code %s is explained', (code) => {
    expect(page.text).toContain(`\`${code}\``);
  });
});

describe('what the page quotes', () => {
  const sources = globSync('src/**/*.ts', { cwd: CHECKOUT }).map((path) => readFileSync(join(CHECKOUT, path), 'utf8'));

  test('every message in a heading stands in the sources', () => {
    const quoted = sections.flatMap((section) => [...(section.split('\n')[0] ?? '').matchAll(/`([^`]+)`/g)]);
    const parts = quoted
      .map(([, text = '']) => text)
      .filter((text) => !Object.hasOwn(PHRASES, text) && !Object.hasOwn(FILLED_IN, text))
      .flatMap((text) => text.replace('patchgen ', '').split(/\s*…(?:,\s*)?/))
      .filter(Boolean);
    expect(parts.length).toBeGreaterThan(15);
    expect(parts.filter((part) => !sources.some((source) => source.includes(part)))).toEqual([]);
  });

  test('every series in the page is one that the operator serves', async () => {
    const named = [...page.text.matchAll(/`((?:patchgen|leader|controller)_[a-z_]+)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(3);
    const served = createMetrics({
      monotonic: () => 0,
      version: '0',
      workers: 1,
      lease: 'patchgen',
      host: 'server',
      neededBytes: 0,
      reasons: {},
      rules: [],
      watched: [],
      process: false,
    });
    const text = await served.render();
    for (const name of new Set(named)) expect(text).toContain(`# TYPE ${name} `);
  });

  test('every section can be linked to', () => {
    expect(anchorsOf(page).size).toBeGreaterThanOrEqual(sections.length);
  });
});
