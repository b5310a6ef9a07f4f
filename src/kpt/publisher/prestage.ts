import type { Directory, OpenFile } from '../../platform/files/files.ts';
import { PACKAGE_DIR_MODE, PACKAGE_FILE_MODE, type Package } from '../package.ts';
import { scratchName } from './fence.ts';
import { isOver } from './lease.ts';
import type { Call } from './messages.ts';
import type { Site, Tenure } from './site.ts';
import { assertPackage, discard } from './stage.ts';

/** At most so many at once: each holds a descriptor per file. */
const MOST_TREES = 32;

interface Tree {
  readonly digest: string;
  readonly name: string;
  readonly directory: Directory;
  readonly files: readonly OpenFile[];
}

/**
 * Writes the new packages of a batch into our staging directory and syncs all their files and directories at the same time:
 * the file system then commits them together, and a busy machine wakes this thread once instead of once per file. Trees that are
 * whole and durable are noted in `tenure.prestaged`. Only a head start: what fails here, whatever it is, is thrown away
 * and left to the batch, which stages it anew one by one, and reports.
 */
export async function prestage(site: Site, tenure: Tenure, calls: readonly Call[]): Promise<void> {
  // Past the lease nothing is even staged: a process that stood still until now is about to end.
  if (isOver(site.lease)) return;
  const trees: Tree[] = [];
  for (const content of newContents(tenure, calls)) {
    const tree = tryWrite(site, tenure, content);
    if (tree === undefined) break;
    trees.push(tree);
  }
  await Promise.all(
    trees.map(async (tree) => {
      if (await isDurable(site, tree)) tenure.prestaged.set(tree.digest, tree.name);
      else discard(site.files, tenure.work, tree.name);
    }),
  );
}

/** Contents that the store has never seen, each once. */
function newContents({ catalogue }: Tenure, calls: readonly Call[]): readonly Package[] {
  const found = new Map<string, Package>();
  for (const call of calls) {
    if (found.size === MOST_TREES) break;
    if (call.name !== 'publish') continue;
    const content = call.argument.package;
    if (!catalogue.highest.has(content.digest)) found.set(content.digest, content);
  }
  return [...found.values()];
}

function tryWrite(site: Site, tenure: Tenure, content: Package): Tree | undefined {
  const { files } = site;
  const name = scratchName(site);
  const open: OpenFile[] = [];
  let directory: Directory | undefined;
  try {
    assertPackage(content);
    if (files.availableBytes(tenure.root.top) < content.sizeBytes + site.minFreeBytes) return undefined;
    files.makeDirectory(tenure.work, name, PACKAGE_DIR_MODE);
    directory = files.openDirectory(tenure.work, name);
    files.setMode(directory, PACKAGE_DIR_MODE);
    for (const file of content.files)
      open.push(files.createFile(directory, file.path, file.content, PACKAGE_FILE_MODE));
    return { digest: content.digest, name, directory, files: open };
  } catch {
    for (const each of directory === undefined ? open : [...open, directory]) tryClose(site, each);
    discard(files, tenure.work, name);
    return undefined;
  }
}

/** Syncs every file and the directory, and closes them; true only when every sync and every close succeeded. */
async function isDurable(site: Site, { files, directory }: Tree): Promise<boolean> {
  const all = [...files, directory];
  const synced = await Promise.allSettled(all.map((each) => site.files.syncLater(each)));
  const closed = all.map((each) => tryClose(site, each));
  return synced.every(({ status }) => status === 'fulfilled') && closed.every(Boolean);
}

function tryClose(site: Site, opened: OpenFile): boolean {
  try {
    site.files.close(opened);
    return true;
  } catch {
    return false;
  }
}
