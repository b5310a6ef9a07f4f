import { Transient, Waiting } from '../../api/errors.ts';
import { type FoundFolder, readFolder } from '../../kpt/found.ts';
import { entryOfTarget, META, parseEntry } from '../../kpt/publisher/names.ts';
import type { PackageKey } from '../../kpt/publisher/publisher.ts';
import { verifyDigest } from '../../kpt/verify.ts';
import { hasErrno } from '../../platform/files/errno.ts';
import type { Directory, Files } from '../../platform/files/files.ts';
import { within } from '../../platform/files/within.ts';

export interface PublishedFolder {
  readonly digest: string;
  readonly folder: FoundFolder;
}

/**
 * Reads the package that an operator has published for an intent. The link is resolved once, so this is one whole version
 * even while the operator publishes the next. Throws a `Failure` where there is none or where it was altered, and
 * `FileError` where something can't be read.
 */
export function readPublished(files: Files, outputDir: string, key: PackageKey): PublishedFolder {
  const path = `${outputDir}/packages`;
  const root = absent(`package root does not exist: ${path}`, () => files.openTop(path));
  return within(files, root, () => {
    const shown = `${key.namespace}/${key.intent}`;
    const entry = absent(`no package is published for ${shown} under ${path}`, () => resolve(files, root, key));
    const missing = `the link of ${shown} leads to ${entry}, which is missing`;
    const folder = absent(missing, () =>
      within(files, files.openDirectory(root, META), (meta) =>
        within(files, files.openDirectory(meta, 'store'), (store) =>
          within(files, files.openDirectory(store, entry), (tree) => readFolder(files, tree)),
        ),
      ),
    );
    const digest = parseEntry(entry)?.digest ?? '';
    const [finding] = verifyDigest(folder, digest);
    if (finding === undefined) return { digest, folder };
    const what = finding.path === '.' ? finding.message : `${finding.path}: ${finding.message}`;
    throw new Waiting('UnsafePath', `the package of ${shown} was altered (${what}); patchgen verify tells more`);
  });
}

/** The store entry that the stable name leads to. */
function resolve(files: Files, root: Directory, { namespace, intent }: PackageKey): string {
  return within(files, files.openDirectory(root, namespace), (folder) => {
    const target = files.stat(folder, intent).kind === 'link' ? files.readLink(folder, intent) : '';
    const entry = entryOfTarget(target);
    if (entry !== undefined) return entry;
    throw new Waiting('UnsafePath', `${folder.path}/${intent} is not a link that the operator made`);
  });
}

function absent<T>(message: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) throw new Transient('RootUnusable', message, { cause: error });
    throw error;
  }
}
