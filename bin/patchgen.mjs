#!/usr/bin/env node
// Starts Patchgen on a Node that can run it. Plain JavaScript for Node 20: it may be started by an older one.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findNode, isNewEnough, NEEDED_MAJOR } from './find-node.mjs';
import { ENVIRONMENT, FLAGS } from './runtime-settings.mjs';

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const source = join(root, 'src', 'cli', 'main.ts');
const program = existsSync(source) ? source : join(root, 'dist', 'patchgen.mjs');
const args = process.argv.slice(2);

if (!isNewEnough(process.versions.node)) runThere();
else if (args[0] === 'run' && canBecome()) becomeWithFlags();
else await runHere();

/** A short command: no second start. */
async function runHere() {
  const emit = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'string' ? rest[0] : rest[0]?.type;
    if (type !== 'ExperimentalWarning') emit.call(process, warning, ...rest);
  };
  process.argv[1] = program;
  await import(pathToFileURL(program).href);
}

/** The operator lives long, so the flags matter: this process becomes it, and no wrapper stays behind. */
function becomeWithFlags() {
  const env = { ...ENVIRONMENT, ...process.env };
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...FLAGS, program, ...args], env);
}

function canBecome() {
  return typeof process.execve === 'function' && process.platform !== 'win32' && !process.execArgv.includes(FLAGS[0]);
}

/** This Node is too old: another one does the work, and this one passes on its signals and its end. */
function runThere() {
  const node = findNode(root);
  if (node === undefined) {
    console.error(
      `patchgen: needs Node ${NEEDED_MAJOR} or newer, this is ${process.version}. ` +
        `Run npm ci in ${root} (it brings one), or install Node ${NEEDED_MAJOR}.`,
    );
    process.exit(1);
  }
  const child = spawn(node, [...FLAGS, program, ...args], {
    stdio: 'inherit',
    env: { ...ENVIRONMENT, ...process.env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGQUIT']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal has reached the child already, and a second one would mean "at once" to it.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`patchgen: ${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
