// What `npm run <name>` does: sets up what that command needs, then runs it on Node 24. Plain JavaScript for Node 20, no dependencies.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findNode, NEEDED_MAJOR } from '../../bin/find-node.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { ROOT } from './root.mjs';

// The download has these; the others need Go.
const SERVERS = ['etcd', 'kube-apiserver', 'kubectl'];

/**
 * @type {Readonly<Record<string, { program: string, args?: readonly string[], binaries?: readonly string[] }>>}
 * Tests name the programs they need themselves (test/support), so that `npm test -- test/unit` builds none; the real node
 * first looks whether it can run here.
 */
const COMMANDS = {
  demo: { program: 'tools/demo/main.ts', binaries: SERVERS },
  test: { program: 'node_modules/vitest/vitest.mjs', args: ['run'] },
  check: { program: 'tools/check/main.ts' },
  fix: { program: 'tools/check/fix.ts' },
  generate: { program: 'tools/generate/main.ts' },
  build: { program: 'tools/build/bundle.ts' },
  image: { program: 'tools/image/main.ts' },
  'e2e:kind': { program: 'tools/kind/main.ts' },
  bench: { program: 'bench/main.ts', binaries: SERVERS },
  e2e: { program: 'tools/node/e2e.ts' },
  'control-plane': { program: 'tools/control-plane/main.ts', binaries: [...SERVERS, 'kube-controller-manager'] },
};
const ASKS_FOR_HELP = new Set(['--help', '-h']);

try {
  process.exitCode = await main(process.argv[2], process.argv.slice(3));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main(name, args) {
  const command = COMMANDS[name];
  if (command === undefined)
    throw new Error(`usage: node tools/setup/run.mjs ${Object.keys(COMMANDS).join('|')} [arguments]`);
  await ensureNodeModules();
  const node = findNode(ROOT);
  if (node === undefined) {
    const why = `no npm package carries Node for ${process.platform}-${process.arch}`;
    throw new Error(
      `Node ${NEEDED_MAJOR} or newer is needed (this is ${process.version}), and ${why}: install it and try again.`,
    );
  }
  const env = environment(node);
  const { binaries = [] } = command;
  if (binaries.length > 0 && !args.some((arg) => ASKS_FOR_HELP.has(arg))) {
    const code = await run(node, ['tools/setup/prepare.mjs', ...binaries], env, ['ignore', 'ignore', 'inherit']);
    if (code !== 0) return code;
  }
  return run(
    node,
    ['--disable-warning=ExperimentalWarning', command.program, ...(command.args ?? []), ...args],
    env,
    'inherit',
  );
}

/** Node 24 and the tools of the dependencies come first on the PATH of everything that is run. */
function environment(node) {
  const path = [dirname(node), join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  // Node does not look at HTTPS_PROXY unless told to.
  return { ...process.env, PATH: path, NODE_USE_ENV_PROXY: process.env.NODE_USE_ENV_PROXY ?? '1' };
}

/** Resolves with the exit code. A signal ends the child first, in its own way, and then this process. */
function run(node, args, env, stdio) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd: ROOT, env, stdio });
    const pass = (signal) => {
      // Ctrl-C in a terminal has reached the child already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, pass);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
