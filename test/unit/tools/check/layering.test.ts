import { describe, expect, test } from 'vitest';
import { checkLayering, importsOf, layeringFindings } from '../../../../tools/check/layering.ts';

/** A small project in which all is well; each case changes one thing. */
const GOOD = {
  'src/cli/main.ts': "import { run } from '../reconcile/story.ts';\nimport { settings } from '../config.ts';",
  'src/config.ts': "export { load } from './config/load.ts';\nexport const env = process.env;",
  'src/config/load.ts': 'export const load = 1;',
  'src/reconcile/story.ts': "import type { Intent } from '../api/types.ts';\nimport { a } from './a.ts';",
  'src/reconcile/a.ts': '// process.env is not read here\nexport const a = 1;',
  'src/api/types.ts': 'export interface Intent {}',
};

function findings(change: Record<string, string>): string[] {
  return layeringFindings(new Map(Object.entries({ ...GOOD, ...change })), ['src/cli/main.ts']);
}

test('this checkout holds the table of rooms', () => {
  expect(checkLayering()).toEqual([]);
});

describe('each breach is told in one sentence that names the file', () => {
  test.each([
    [
      'an import of values',
      { 'src/api/types.ts': "import { a } from '../reconcile/a.ts';" },
      'src/api/types.ts: api may import no other room',
    ],
    ['an import of types', { 'src/api/types.ts': "import type { A } from '../reconcile/a.ts';" }, 'src/api/types.ts'],
    ['a re-export', { 'src/api/types.ts': "export * from '../reconcile/a.ts';" }, 'src/api/types.ts'],
    [
      'a list over several lines',
      { 'src/api/types.ts': "import {\n  a,\n} from '../reconcile/a.ts';" },
      'src/api/types.ts',
    ],
    ['a lazy import', { 'src/api/types.ts': "await import('../reconcile/a.ts');" }, 'src/api/types.ts'],
    ['a way out of src', { 'src/api/types.ts': "import { b } from '../../tools/b.ts';" }, 'not part of src'],
    [
      'process.env elsewhere',
      { 'src/reconcile/a.ts': 'export const a = process.env.HOME;' },
      'only src/config.ts does',
    ],
    [
      'a file called helpers',
      { 'src/reconcile/story.ts': "import './a.ts'; import './helpers.ts';", 'src/reconcile/helpers.ts': '' },
      'src/reconcile/helpers.ts: a name',
    ],
    [
      'a folder called utils',
      { 'src/reconcile/story.ts': "import './a.ts';\nimport './utils/a.ts';", 'src/reconcile/utils/a.ts': '' },
      'src/reconcile/utils/a.ts: a name',
    ],
    ['a file nobody imports', { 'src/api/orphan.ts': '' }, 'src/api/orphan.ts: nothing leads to it'],
    [
      'an unknown room',
      { 'src/shed/rake.ts': '', 'src/cli/main.ts': `${GOOD['src/cli/main.ts']}\nimport '../shed/rake.ts';` },
      'no room of the table',
    ],
  ])('%s', (_name, change, message) => {
    const found = findings(change);
    expect(
      found.some((line) => line.includes(message)),
      found.join('\n'),
    ).toBe(true);
  });
});

test('the good project has no finding', () => {
  expect(findings({})).toEqual([]);
});

test.each([
  ["new Worker(new URL('./thread.ts', import.meta.url));"],
  ["new URL(bundled ? './thread.mjs' : './thread.ts', import.meta.url)"],
  ["new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.mjs', import.meta.url)"],
])('a worker counts as imported, a comment does not: %s', (code) => {
  const text = `// import './no.ts';\n/* import './neither.ts'; */\n${code}`;
  expect(importsOf('src/kpt/pool.ts', new Map([['src/kpt/pool.ts', text]]))).toEqual(['src/kpt/thread.ts']);
});
