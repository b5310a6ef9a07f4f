import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary } from '../../../tools/setup/binaries.mjs';
import { runTool, type ToolResult } from '../tool.ts';
import { selectorsOf } from './promql.ts';
import { alertRules, RULES_FILE } from './rules.ts';
import { seriesText, type Track } from './tracks.ts';

/** An alert that fires, as Prometheus would send it. */
export interface Firing {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: string;
}

export async function promtool(...args: readonly string[]): Promise<ToolResult> {
  return runTool(await binary('promtool'), args);
}

/**
 * The alerts of the rules file that fire at one of these minutes, by promtool: each alert is expected not to fire, and
 * what promtool finds instead is what fires.
 */
export async function firing(tracks: readonly Track[], minutes: readonly number[] = [60]): Promise<readonly Firing[]> {
  const rules = alertRules();
  const names = new Set(rules.flatMap(({ expr }) => selectorsOf(expr).map(({ name }) => name)));
  const test = {
    interval: '1m',
    input_series: tracks
      .filter(({ name }) => names.has(name))
      .map((track) => ({ series: seriesText(track), values: track.values })),
    alert_rule_test: minutes.flatMap((minute) =>
      rules.map(({ alert }) => ({ eval_time: `${minute}m`, alertname: alert, exp_alerts: [] })),
    ),
  };
  const folder = mkdtempSync(join(tmpdir(), 'patchgen-alerts-'));
  try {
    const file = join(folder, 'test.yaml');
    writeFileSync(file, JSON.stringify({ rule_files: [RULES_FILE], evaluation_interval: '1m', tests: [test] }));
    const { code, stdout, stderr } = await promtool('test', 'rules', file);
    const found = firingIn(stdout + stderr);
    if ((code === 0) !== (found.length === 0)) throw new Error(`promtool said:\n${stdout}${stderr}`);
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What promtool prints of alerts that it did not expect: `got:[ 0: Labels:{…} Annotations:{…} ]`. */
function firingIn(output: string): readonly Firing[] {
  return [...output.matchAll(/Labels:(\{alertname=.*\})\s*Annotations:(\{.*?\})\s*$/gm)].map(
    ([, labels = '', annotations = '']) => {
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]);
      const all = Object.fromEntries(pairs) as Record<string, string>;
      return { alert: all['alertname'] ?? '', labels: all, annotations };
    },
  );
}

/** Their names, each once, in the order of the alphabet. */
export const namesOf = (alerts: readonly Firing[]): readonly string[] =>
  [...new Set(alerts.map(({ alert }) => alert))].toSorted();
