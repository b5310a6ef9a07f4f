/**
 * Bundles the CLI for shipping: `dist/patchgen.mjs`, one file with everything in it, its source map and the licences of what it holds.
 * A command still evaluates only what it needs: what the sources import lazily is wrapped, and so is each module of Node.js.
 */
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, type BuildResult, build } from 'esbuild';
import { lazyBuiltins } from './lazy-builtins.ts';
import { thirdPartyLicences } from './third-party.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The licences of what the bundle holds, beside it. */
export const THIRD_PARTY = 'LICENSE.third-party.txt';

// CommonJS dependencies ask for `require`, which an ES module lacks.
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Writes the bundle into `outdir`, from which other files are removed; resolves to the path of the program. Rejects when a licence is missing. */
export async function bundle(outdir: string): Promise<string> {
  const thread = await publisherThread();
  const program = await build({
    ...COMMON,
    entryPoints: { patchgen: 'src/cli/main.ts' },
    outdir: 'dist', // Wherever it is written to: the source map holds paths from here.
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    // Names stay: they are read in stack traces, and shorter ones neither load faster nor save memory.
    minifyWhitespace: true,
    sourcemap: 'linked',
    legalComments: 'external',
    banner: { js: BANNER },
    define: { PUBLISHER_THREAD: JSON.stringify(textOf(thread, '.js')) },
    plugins: [lazyBuiltins],
  });
  const licences = await thirdPartyLicences(ROOT, [program.metafile, thread.metafile]);
  const notices = [program, thread].map((result) => textOf(result, '.LEGAL.txt')).filter((text) => text !== '');
  await mkdir(outdir, { recursive: true });
  for (const entry of await readdir(outdir, { withFileTypes: true }))
    if (entry.isFile()) await rm(join(outdir, entry.name));
  for (const { path, contents } of program.outputFiles)
    if (!path.endsWith('.LEGAL.txt')) await writeFile(join(outdir, basename(path)), contents);
  await writeFile(join(outdir, THIRD_PARTY), [licences, ...notices].join('\n'));
  await copyFile(join(ROOT, 'LICENSE'), join(outdir, 'LICENSE'));
  return join(outdir, 'patchgen.mjs');
}

/** The program of the publisher thread. It is evaluated as a script, which loads no module machinery; its lines stay for stack traces. */
function publisherThread() {
  return build({
    ...COMMON,
    entryPoints: ['src/kpt/publisher/thread.ts'],
    outfile: 'thread.js',
    format: 'cjs',
    legalComments: 'external',
    footer: { js: '//# sourceURL=patchgen-publisher.js' },
  });
}

function textOf({ outputFiles = [] }: BuildResult, ending: string): string {
  return outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await bundle(join(ROOT, 'dist')));
