// Makes sure that programs are there, e.g. `node tools/setup/prepare.mjs etcd kube-apiserver`. Prints their paths.
import { binaries } from './binaries.mjs';

try {
  for (const [name, path] of Object.entries(await binaries(process.argv.slice(2)))) console.log(`${name}\t${path}`);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
