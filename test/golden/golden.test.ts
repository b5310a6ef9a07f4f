import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadIntents } from '../../src/api/wire/load.ts';
import { renderIntent } from '../../src/cli/packages/render-intent.ts';
import { FORMAT } from '../../src/kpt/digest.ts';
import type { Package } from '../../src/kpt/package.ts';

// Format 1 is frozen: a byte that changes here makes every operator publish every package again. If that is meant, give
// FORMAT a new number, write it into the changelog, and run UPDATE_GOLDEN=1 npx vitest run test/golden.

const HERE = import.meta.dirname;
const CASES = fs.readdirSync(HERE).filter((name) => fs.statSync(join(HERE, name)).isDirectory());
const update = process.env.UPDATE_GOLDEN === '1';

function packageOf(name: string): Package {
  const [intent] = loadIntents(fs.readFileSync(join(HERE, name, 'intent.yaml')), { name });
  if (intent?.valid !== true) throw new Error(`${name} is not valid: ${JSON.stringify(intent)}`);
  const rendered = renderIntent(intent);
  if (!('package' in rendered)) throw rendered.failure;
  return rendered.package;
}

/** What is kept of a package: its files under its name, and its digests. */
function expectedFiles(pkg: Package): Readonly<Record<string, string>> {
  const digests = `format: ${FORMAT}\nchange: sha256:${pkg.changeDigest}\npackage: sha256:${pkg.digest}\n`;
  const files = pkg.files.map(({ path, content }) => [join(pkg.name, path), content] as const);
  return { 'digests.yaml': digests, ...Object.fromEntries(files) };
}

function readExpected(folder: string): Readonly<Record<string, string>> {
  const paths = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => fs.statSync(join(folder, path)).isFile());
  return Object.fromEntries(files.map((path) => [path, fs.readFileSync(join(folder, path), 'utf8')]));
}

function writeExpected(folder: string, files: Readonly<Record<string, string>>): void {
  fs.rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    fs.mkdirSync(join(folder, path, '..'), { recursive: true });
    fs.writeFileSync(join(folder, path), content);
  }
}

describe('format 1 stays as it is', () => {
  test('there are cases, and the format is 1', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(12);
    expect(FORMAT).toBe(1);
  });

  test.each(CASES)('%s', (name) => {
    const actual = expectedFiles(packageOf(name));
    const folder = join(HERE, name, 'expected');
    if (update) writeExpected(folder, actual);
    expect(actual).toEqual(readExpected(folder));
  });

  test('no two cases have a package in common', () => {
    const packages = CASES.map(packageOf);
    expect(new Set(packages.map(({ digest }) => digest)).size).toBe(CASES.length);
    expect(new Set(packages.map(({ name }) => name)).size).toBe(CASES.length);
  });
});
