// Makes sure that programs are there, e.g. `node tools/setup/prepare.mjs etcd kube-apiserver`. Prints their paths.

try {
  // Loaded here, because a wrong PATCHGEN_KUBERNETES shows when the table of programs is read.
  const { binaries } = await import('./binaries.mjs');
  for (const [name, path] of Object.entries(await binaries(process.argv.slice(2)))) console.log(`${name}\t${path}`);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
