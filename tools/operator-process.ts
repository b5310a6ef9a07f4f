/** One operator as users run it: a process of its own, started from the sources with the same Node.js and flags as `bin/patchgen.mjs`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ENVIRONMENT, FLAGS } from '../bin/runtime-settings.mjs';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

export interface OperatorProcessOptions {
  readonly kubeconfig: string;
  readonly outputDir: string;
  /** Further flags of `patchgen run`, after those for the two addresses and the lease's namespace. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of Node.js itself. */
  readonly nodeFlags?: readonly string[];
  /** The program; default: the sources. A bundle shows what is shipped. */
  readonly program?: string;
  /** A command that the operator is run under, such as `strace` with its flags. */
  readonly under?: readonly string[];
  readonly onLog?: (line: LogLine) => void;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface OperatorProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly log: readonly LogLine[];
  /** `http://127.0.0.1:<port>` of the probes. */
  readonly probes: string;
  readonly metricsUrl: string;
  /** The value of one series, or undefined. `series` is the line's beginning: `patchgen_packages` or `x_total{reason="y"}`. */
  metric(series: string): Promise<number | undefined>;
  ready(): Promise<boolean>;
  untilReady(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code, or null after a signal killed it. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, and SIGKILL when it does not end. */
  stop(): Promise<number | null>;
}

/** Starts an operator on free ports; resolves once it listens. Rejects with its log when it ends before. */
export async function startOperatorProcess(options: OperatorProcessOptions): Promise<OperatorProcess> {
  const [command, ...args] = commandLine(options);
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...ENVIRONMENT, ...process.env, ...options.env, KUBECONFIG: options.kubeconfig },
  });
  const log: LogLine[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ports = await listening(child, log, options);
  const url = (name: string): string => `http://127.0.0.1:${ports.get(name)}`;
  const get = async (path: string): Promise<Response> => fetch(`${url('health probes')}${path}`);
  const ready = async (): Promise<boolean> => (await get('/readyz').catch(() => undefined))?.ok ?? false;
  return {
    pid: child.pid ?? 0,
    child,
    log,
    probes: url('health probes'),
    metricsUrl: `${url('metrics')}/metrics`,
    async metric(series) {
      const text = await (await fetch(`${url('metrics')}/metrics`)).text();
      const line = text.split('\n').find((it) => it.startsWith(`${series} `) || it.startsWith(`${series}{`));
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
    ready,
    async untilReady() {
      for (let tries = 0; !(await ready()); tries += 1) {
        if (child.exitCode !== null || tries > 600) throw new Error(`the operator is not ready:\n${tail(log)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    signal: (name) => void child.kill(name),
    exited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

function commandLine(options: OperatorProcessOptions): [string, ...string[]] {
  const { program = MAIN, under = [], nodeFlags = [], outputDir, flags = [] } = options;
  const node = [process.execPath, ...FLAGS, ...nodeFlags, program];
  const addresses = ['--metrics-bind-address', '127.0.0.1:0', '--health-probe-bind-address', '127.0.0.1:0'];
  const run = ['run', '--output-dir', outputDir, '--leader-election-namespace', 'default', ...addresses, ...flags];
  const [first = process.execPath, ...rest] = [...under, ...node, ...run];
  return [first, ...rest];
}

/** Reads the log until both servers told their port. */
function listening(child: ChildProcess, log: LogLine[], options: OperatorProcessOptions): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the operator ended with ${code}:\n${tail(log)}`)));
    if (child.stderr === null) return reject(new Error('no log'));
    createInterface({ input: child.stderr }).on('line', (text) => {
      const line = parse(text);
      log.push(line);
      options.onLog?.(line);
      if (line.msg !== 'listening') return;
      ports.set(String(line.server), Number(line.port));
      if (ports.size === 2) resolve(ports);
    });
  });
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'raw', msg: text };
  }
}

const tail = (log: readonly LogLine[]): string =>
  log
    .slice(-20)
    .map((line) => JSON.stringify(line))
    .join('\n');
