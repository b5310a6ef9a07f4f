/** `npm run image`: the operator's image as an OCI archive, without a container engine. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hostArchitecture } from './archive.ts';
import { buildImage, defaultRef } from './build.ts';
import { checkDockerfile } from './dockerfile-check.ts';

const HELP = `Writes the operator's image as an OCI archive. No container engine is needed: the image is assembled from the bundle, the
Node.js of the npm dependencies and this machine's C and C++ libraries (Debian or Ubuntu).

Usage: npm run image [-- <options>]

  --output <file>  default: dist/image/patchgen-<version>-<architecture>.tar
  --ref <name>     name and tag of the image; default: ${defaultRef()}
  --check-dockerfile
                   build the Dockerfile instead (buildah, root; the bases are substituted) and compare it with the archive
  --help           this text

SOURCE_DATE_EPOCH, when set, dates the files and the image.`;

const ROOT = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    ref: { type: 'string' },
    'check-dockerfile': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

try {
  if (values.help) console.log(HELP);
  else if (values['check-dockerfile']) await checkDockerfile(ROOT, (text) => console.log(text));
  else await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const ref = values.ref ?? defaultRef();
  if (!/^[a-z0-9][a-z0-9._:/-]*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(ref))
    throw new Error(`--ref needs a name and a tag, such as ${defaultRef()}; this is ${ref}`);
  const name = `patchgen-${ref.slice(ref.lastIndexOf(':') + 1)}-${hostArchitecture()}.tar`;
  const out = resolve(values.output ?? `dist/image/${name}`);
  const { digest, size } = await buildImage({ out, ref });
  console.log(`${out}

Load it where it shall run:
  containerd   ctr -n k8s.io images import ${out}
  kind         kind load image-archive ${out}
  Docker       docker load -i ${out}
  Podman       podman load -i ${out}

${ref} ${digest} ${(size / 1e6).toFixed(1)} MB`);
}
