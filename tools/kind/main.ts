/** `npm run e2e:kind`: builds, loads, installs and tests on a cluster of kind, for machines that have Docker. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultRef } from '../image/build.ts';
import { binaries } from '../setup/binaries.mjs';
import { carryOut } from './carry-out.ts';
import { planFor } from './plan.ts';
import { missing } from './requirements.ts';

const HELP = `Builds the image with Docker, makes a cluster of kind, installs the chart as a user would, applies the samples, runs helm test,
uninstalls, and deletes the cluster (also after a failure or Ctrl-C). Needs Docker and kind; kubectl and helm are found or fetched.

Usage: npm run e2e:kind [-- <options>]

  --keep   leave the cluster up, for a look
  --help   this text`;

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});

if (values.help) console.log(HELP);
else process.exitCode = await main(values.keep);

async function main(keep: boolean): Promise<number> {
  const lacking = missing(process.env);
  if (lacking.length > 0) {
    console.error(`npm run e2e:kind cannot run here:\n${lacking.map((line) => `  - ${line}`).join('\n')}`);
    console.error('Without Docker, npm run e2e runs the same on a real node (Linux, root).');
    return 1;
  }
  const programs = { docker: 'docker', kind: 'kind', ...(await binaries(['kubectl', 'helm'])) };
  const folder = mkdtempSync(join(tmpdir(), 'patchgen-kind-'));
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const cluster = `patchgen-${randomBytes(3).toString('hex')}`;
  const kubeconfig = join(folder, 'kubeconfig');
  try {
    const worked = await carryOut(planFor({ cluster, kubeconfig, ref: defaultRef() }), {
      programs,
      cwd: join(import.meta.dirname, '../..'),
      say: (text) => console.log(text),
      signal: stop.signal,
      keep,
    });
    console.log(worked ? '\nEverything worked.' : '\nSomething failed, see above.');
    return worked ? 0 : 1;
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}
