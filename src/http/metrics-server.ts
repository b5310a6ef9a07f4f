import type { Log } from '../platform/log.ts';
import { type ListenAddress, type RunningServer, startServer } from './server.ts';

/** What is served: the registry of `platform/metrics.ts`. */
export interface MetricsSource {
  readonly contentType: string;
  /** The text exposition of every series. */
  render(): Promise<string>;
}

export interface MetricsServerOptions {
  readonly address: ListenAddress | null;
  readonly metrics: MetricsSource;
  readonly log: Log;
}

/** Serves GET /metrics in the text format of Prometheus. Scrapes at the same time share one rendering. */
export function startMetricsServer(options: MetricsServerOptions): Promise<RunningServer> {
  const { metrics } = options;
  const state: { rendering: Promise<string> | undefined } = { rendering: undefined };
  const render = (): Promise<string> => {
    state.rendering ??= metrics.render().finally(() => {
      state.rendering = undefined;
    });
    return state.rendering;
  };
  return startServer({
    address: options.address,
    name: 'metrics',
    setting: '--metrics-bind-address',
    log: options.log,
    answer: async (url) =>
      url.pathname === '/metrics' ? { status: 200, contentType: metrics.contentType, body: await render() } : undefined,
  });
}
