/**
 * Holds the namespaces of one node, and clears everything away when its starter ends, however that happens. Runs as a
 * process of its own under the lock (`flock`), which is free again when this process is gone. When even this process is
 * killed, the kernel kills all that is in the namespaces, and the next start clears away the rest.
 *
 * Speaks lines of JSON on stdout (`GuardianWord`); takes lines on stdin: `keep` (outlive the starter, until SIGTERM) and
 * `keep-logs`. The end of stdin is the order to clear away.
 */
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { makeCgroups } from './cgroups.ts';
import { clearAway } from './clear-away.ts';
import { foldersOf, HOST } from './layout.ts';
import { makeNamespaces } from './namespaces.ts';

export type GuardianWord =
  | { readonly said: 'ready'; readonly pid: number }
  | { readonly said: 'failed'; readonly why: string }
  | { readonly said: 'cleared'; readonly problems: readonly string[] };

const [, , dir = ''] = process.argv;
const say = (word: GuardianWord): void => void process.stdout.write(`${JSON.stringify(word)}\n`);
process.stdout.on('error', () => undefined); // Whoever listened may be dead.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined);

const orders = new Set<string>();
const ordered = new Promise<void>((resolve) => {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => orders.add(line));
  lines.on('close', () => {
    if (!orders.has('keep')) resolve();
  });
  process.on('SIGTERM', resolve);
});
// The end of stdin alone must not end this process.
const alive = setInterval(() => undefined, 60_000);

await clearAway(leftBehind());
writeFileSync(HOST.lock, JSON.stringify({ pid: process.pid, dir }));
const problems = await hold();
writeFileSync(HOST.lock, '');
say({ said: 'cleared', problems });
clearInterval(alive);
process.exit(problems.length === 0 ? 0 : 1);

async function hold(): Promise<string[]> {
  try {
    mkdirSync(dir, { mode: 0o700 });
    for (const folder of Object.values(foldersOf(dir))) mkdirSync(folder, { recursive: true });
    makeCgroups();
    const { pid, holder } = await makeNamespaces(dir);
    const ended = once(holder, 'exit');
    say({ said: 'ready', pid });
    await Promise.race([ordered, ended]);
    if (holder.exitCode === null && holder.signalCode === null) {
      process.kill(pid, 'SIGKILL');
      await ended;
    }
  } catch (error) {
    say({ said: 'failed', why: error instanceof Error ? error.message : String(error) });
  }
  return clearAway({ dir, keepLogs: orders.has('keep-logs') });
}

/** Of a node whose guardian was killed: the lock was free, but its file still names a folder. */
function leftBehind(): { readonly dir?: string } {
  try {
    const { dir } = JSON.parse(readFileSync(HOST.lock, 'utf8')) as { dir: string };
    return { dir };
  } catch {
    return {};
  }
}
