import { Command } from 'commander';
import { asStorageFailure } from '../kpt/publisher/failures.ts';
import type { Verified } from '../kpt/verify-root.ts';
import { printable } from '../platform/escape.ts';
import { hasErrno } from '../platform/files/errno.ts';
import { systemFiles } from '../platform/files/system-files.ts';
import { Exit, type Io } from './io.ts';
import { type Format, outputOption, painter, printData } from './output.ts';
import { verifyDirectory } from './packages/verify-directory.ts';

const DETAILS = `
DIR is one of
  a package root, or the --output-dir that holds it   every link and every stored package, by full hash
  a package in it, such as packages/shop/web-5        against the digest that it is stored under
  a package folder made by generate, or a copy        against what its own patch renders to
  a folder of such folders                            each of them

Only reads, and needs no cluster. Ends with 1 when anything is altered, missing, extra, or of other permissions.`;

/** `patchgen verify DIR`: recomputes digests and reports tampering. */
export function verifyCommand(io: Io): Command {
  return new Command('verify')
    .description('Recomputes the digests of packages on disk and reports what was altered.')
    .argument('<dir>', 'package root, package, or folder of packages')
    .addOption(outputOption())
    .addHelpText('after', DETAILS)
    .action((dir: string, { output }: { readonly output: Format }) => {
      const results = verified(dir);
      const altered = results.filter(({ findings }) => findings.length > 0).length;
      if (output !== 'text') printData(io, output, { packages: results, altered });
      else printText(io, results, altered);
      if (results.length === 0) io.stderr.write(`error: no package found in ${printable(dir)}\n`);
      if (altered > 0 || results.length === 0) throw new Exit(1);
    });
}

function verified(dir: string): readonly Verified[] {
  try {
    return verifyDirectory(systemFiles(), dir);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) throw new Error(`no such directory: ${dir}`, { cause: error });
    throw asStorageFailure(error);
  }
}

function printText(io: Io, results: readonly Verified[], altered: number): void {
  const paint = painter(io);
  for (const { path, digest, findings } of results) {
    const mark = findings.length === 0 ? paint('green', '✓') : paint('red', '✗');
    io.stdout.write(`${mark} ${printable(path)}${digest === undefined ? '' : paint('dim', `  sha256:${digest}`)}\n`);
    for (const finding of findings) {
      const at = finding.path === '.' ? '' : `${printable(finding.path)}: `;
      io.stdout.write(`    ${finding.code}: ${at}${printable(finding.message)}\n`);
    }
  }
  if (results.length > 0) io.stdout.write(`${results.length} checked, ${altered} altered\n`);
}
