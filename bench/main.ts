/** `npm run bench`: every benchmark, one after the other (side by side they would measure each other), or those named. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const BENCHMARKS = {
  render: 'validate, plan and render of one intent, CPU only',
  queue: 'the work queue',
  publish: 'durable publish against a bare loop of the same system calls',
  live: 'intents per second on a real API server against a bare client',
  policies: 'twenty policies against none: rate, writes after an edit, memory',
  footprint: 'memory, idle CPU and restart with 10,000 intents',
  'status-write': 'the ways to write a status, against each other',
} as const;

const HELP = `Usage: npm run bench [-- <name> [options of that benchmark]]

${Object.entries(BENCHMARKS)
  .map(([name, what]) => `  ${name.padEnd(12)} ${what}`)
  .join('\n')}

Without a name: all of them. Trust ratios within one run, not times.`;

const [first, ...options] = process.argv.slice(2);
if (first === '--help' || first === '-h') console.log(HELP);
else if (first === undefined) process.exitCode = await runAll();
else if (Object.hasOwn(BENCHMARKS, first)) process.exitCode = await run(first, options);
else {
  console.error(`There is no benchmark ${first}.\n\n${HELP}`);
  process.exitCode = 2;
}

async function runAll(): Promise<number> {
  let worst = 0;
  for (const [name, what] of Object.entries(BENCHMARKS)) {
    console.log(`\n== ${name}: ${what}`);
    worst = Math.max(worst, await run(name, []));
  }
  return worst;
}

async function run(name: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, `${name}.ts`), ...args], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 128;
}
