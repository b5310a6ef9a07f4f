/**
 * Bundles the CLI for shipping: `dist/patchgen.mjs` with lazily loaded chunks (a command loads what it needs and no more) and the
 * publisher thread beside it. Source maps and the licences of what is bundled come along.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

// CommonJS dependencies ask for `require`, which an ES module lacks.
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** Writes the bundle into `outdir`, which is emptied first; resolves to the path of its entry. */
export async function bundle(outdir: string): Promise<string> {
  await rm(outdir, { recursive: true, force: true });
  const options: BuildOptions = {
    absWorkingDir: ROOT,
    entryPoints: { patchgen: 'src/cli/main.ts', thread: 'src/kpt/publisher/thread.ts' },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
    legalComments: 'linked',
    banner: { js: BANNER },
    logLevel: 'warning',
  };
  await build(options);
  return `${outdir}/patchgen.mjs`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await bundle(`${ROOT}dist`));
