/** Everything below the program: Node.js, its libraries, users and certificates; the part that a distroless base image brings elsewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { complete, copy, type Entry, file, folder } from './entries.ts';
import { librariesOf } from './shared-libraries.ts';
import { licencesOf } from './system-licences.ts';

/** The user of Google's distroless images, so that both images run as the same. */
export const NONROOT = Object.freeze({ uid: 65_532, gid: 65_532 });

const PASSWD = `root:x:0:0:root:/root:/sbin/nologin
nonroot:x:${NONROOT.uid}:${NONROOT.gid}:nonroot:/home/nonroot:/sbin/nologin
`;
const GROUP = `root:x:0:\nnonroot:x:${NONROOT.gid}:\n`;
const NSSWITCH = 'passwd: files\ngroup: files\nhosts: files dns\n';

/** The layer for the architecture of this machine. Throws with what is missing. */
export function baseLayer(root: string): Entry[] {
  const node = nodeFolder(root);
  const program = join(node, 'bin', 'node');
  const libraries = librariesOf(program);
  return complete([
    copy('nodejs/bin/node', program, 0o755),
    copy('nodejs/LICENSE', join(node, 'LICENSE')),
    ...libraries.map(({ path, source }) => copy(path.slice(1), source, 0o755)),
    ...licencesOf(libraries.map(({ path }) => path)),
    file('etc/passwd', PASSWD),
    file('etc/group', GROUP),
    file('etc/nsswitch.conf', NSSWITCH),
    file('etc/ssl/certs/ca-certificates.crt', certificates(program)),
    folder('home/nonroot', NONROOT, 0o700),
    folder('var/lib'),
  ]);
}

/**
 * The roots that this Node.js trusts: Mozilla's. Not those of this machine, to which its owner may have added some; and the same on
 * every machine.
 */
function certificates(program: string): string {
  const script = `process.stdout.write(require('node:tls').rootCertificates.join('\\n') + '\\n')`;
  return execFileSync(program, ['-e', script], { encoding: 'utf8', maxBuffer: 1 << 24, env: {} });
}

/** The npm package that carries Node.js for this machine. */
function nodeFolder(root: string): string {
  const name = `node-linux-${process.arch}`;
  if (process.platform !== 'linux')
    throw new Error(`the image holds Linux programs, and this is ${process.platform}: build it with the Dockerfile`);
  const found = resolve(root, name);
  if (found === undefined || !existsSync(join(found, 'bin', 'node')))
    throw new Error(`the npm package ${name} is not installed: run npm ci (without --omit=optional)`);
  return found;
}

function resolve(root: string, name: string): string | undefined {
  try {
    return dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}
