// Prints the Debian packages that this machine lacks, e.g. for `node tools/setup/missing-packages.mjs tests node`; nothing when it has all.
import { missingPrograms, NEEDS, packagesOf } from './debian.mjs';

const names = process.argv.slice(2).flatMap((who) => {
  if (NEEDS[who] === undefined) throw new Error(`${who}: known are ${Object.keys(NEEDS).join(', ')}`);
  return NEEDS[who];
});
const packages = packagesOf(missingPrograms(names));
if (packages.length > 0) console.log(packages.join(' '));
