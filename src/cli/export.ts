import { Command } from 'commander';
import { asStorageFailure } from '../kpt/publisher/failures.ts';
import { isIntentName, isNamespaceName } from '../kpt/publisher/names.ts';
import type { PackageKey } from '../kpt/publisher/publisher.ts';
import { tarOf } from '../kpt/tar.ts';
import { systemFiles } from '../platform/files/system-files.ts';
import { type Io, UsageError } from './io.ts';
import { type PublishedFolder, readPublished } from './packages/published.ts';
import { nameInKptfile } from './packages/read-plan.ts';
import { addSettings, settingsOf } from './settings-options.ts';

const SETTINGS = ['outputDir'] as const;

const DETAILS = `
The archive holds one folder, named as the package is. The same package gives the same bytes, whoever exports it and when.

Examples:
  $ patchgen export shop/web-5 --output-dir /var/lib/patchgen | tar -x -C my-overlay
  $ kubectl exec deploy/patchgen -- patchgen export shop/web-5 > web-5.tar`;

/** `patchgen export NAMESPACE/NAME`: one published package as a tar archive on standard output. */
export function exportCommand(io: Io): Command {
  const command = new Command('export')
    .description('Writes the published package of one intent as a tar archive to standard output.')
    .argument('<namespace/name>', 'the intent')
    .addHelpText('after', DETAILS)
    .action((text: string) => {
      const key = keyOf(text);
      if (io.stdout.isTTY)
        throw new UsageError('refusing to write an archive to a terminal; redirect it, or pipe it into tar -x');
      const { outputDir } = settingsOf(command, SETTINGS);
      io.stdout.write(archiveOf(key, read(outputDir, key)));
    });
  return addSettings(command, SETTINGS);
}

function keyOf(text: string): PackageKey {
  const [namespace = '', intent = '', ...rest] = text.split('/');
  if (rest.length === 0 && isNamespaceName(namespace) && isIntentName(intent)) return { namespace, intent };
  throw new UsageError(`not an intent: ${JSON.stringify(text)}; give namespace/name, such as shop/web-5`);
}

function read(outputDir: string, key: PackageKey): PublishedFolder {
  try {
    return readPublished(systemFiles(), outputDir, key);
  } catch (error) {
    throw asStorageFailure(error);
  }
}

/** The content was verified against its digest, so the Kptfile is the one that was rendered. */
function archiveOf(key: PackageKey, { folder }: PublishedFolder): Uint8Array {
  const name = nameInKptfile(folder) ?? key.intent;
  const files = folder.files.map(({ path, content }) => ({ path, content: content ?? new Uint8Array() }));
  return tarOf(name, files);
}
