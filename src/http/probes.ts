import type { Log } from '../platform/log.ts';
import { type Answer, json, type ListenAddress, plainText, type RunningServer, startServer } from './server.ts';

export interface CheckResult {
  readonly ok: boolean;
  /** What is so, or what is wrong and what to do, for people. */
  readonly detail?: string;
}

/** Looks at something that is known already; it must not wait for a volume or the API server. */
export type Check = () => CheckResult | Promise<CheckResult>;
export type Checks = Readonly<Record<string, Check>>;

export interface ProbeOptions {
  readonly address: ListenAddress | null;
  readonly checks: {
    /** Failing means: restart this process. Served as /healthz and /livez. */
    readonly live: Checks;
    /** Failing means: not of use now. Served as /readyz. */
    readonly ready: Checks;
  };
  readonly log: Log;
}

interface Named extends CheckResult {
  readonly name: string;
}

const CHECK_TIMEOUT_MS = 2_000;

/** Serves /healthz, /livez and /readyz: 200 when every check holds, else 503; `?verbose` lists the checks as JSON. */
export function startProbes(options: ProbeOptions): Promise<RunningServer> {
  const { live, ready } = options.checks;
  const paths: Readonly<Record<string, Checks>> = { '/healthz': live, '/livez': live, '/readyz': ready };
  return startServer({
    address: options.address,
    name: 'health probes',
    setting: '--health-probe-bind-address',
    log: options.log,
    answer: async (url) => {
      const checks = Object.hasOwn(paths, url.pathname) ? paths[url.pathname] : undefined;
      return checks && answerOf(await runAll(checks), url.searchParams.has('verbose'));
    },
  });
}

function answerOf(results: readonly Named[], verbose: boolean): Answer {
  const failed = results.filter((result) => !result.ok);
  const status = failed.length === 0 ? 200 : 503;
  if (verbose) return json(status, { status: failed.length === 0 ? 'ok' : 'failed', checks: results });
  return plainText(status, failed.length === 0 ? 'ok' : `failed: ${failed.map(({ name }) => name).join(', ')}`);
}

function runAll(checks: Checks): Promise<readonly Named[]> {
  return Promise.all(Object.entries(checks).map(async ([name, check]) => ({ name, ...(await runOne(check)) })));
}

/** A check that throws or does not answer has failed: a probe is never left without an answer. */
async function runOne(check: Check): Promise<CheckResult> {
  const late = Promise.withResolvers<CheckResult>();
  const timer = setTimeout(() => late.resolve({ ok: false, detail: 'the check did not answer' }), CHECK_TIMEOUT_MS);
  try {
    return await Promise.race([check(), late.promise]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
