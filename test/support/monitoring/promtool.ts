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

export interface Question {
  /** Different for each question. */
  readonly name: string;
  readonly tracks: readonly Track[];
  /** Minutes after which it is looked. */
  readonly at: readonly number[];
}

/**
 * For each question the alerts of the rules file that fire at one of its minutes, by one run of promtool: each alert is
 * expected not to fire, and what promtool finds instead is what fires.
 */
export async function firing(questions: readonly Question[]): Promise<ReadonlyMap<string, readonly Firing[]>> {
  const rules = alertRules();
  const names = new Set(rules.flatMap(({ expr }) => selectorsOf(expr).map(({ name }) => name)));
  const tests = questions.map(({ tracks, at }, i) => ({
    name: `question-${i}`,
    interval: '1m',
    input_series: tracks
      .filter(({ name }) => names.has(name))
      .map((track) => ({ series: seriesText(track), values: track.values })),
    alert_rule_test: at.flatMap((minute) =>
      rules.map(({ alert }) => ({ eval_time: `${minute}m`, alertname: alert, exp_alerts: [] })),
    ),
  }));
  const folder = mkdtempSync(join(tmpdir(), 'patchgen-alerts-'));
  try {
    const file = join(folder, 'test.yaml');
    writeFileSync(file, JSON.stringify({ rule_files: [RULES_FILE], evaluation_interval: '1m', tests }));
    const { code, stdout, stderr } = await promtool('test', 'rules', file);
    const answers = stderr.concat(stdout).split(/name: question-(?=\d+,)/);
    const found = new Map(questions.map(({ name }): [string, readonly Firing[]] => [name, []]));
    for (const answer of answers.slice(1)) {
      const { name = '' } = questions[Number.parseInt(answer, 10)] ?? {};
      found.set(name, [...(found.get(name) ?? []), ...firingIn(answer)]);
    }
    if ((code === 0) !== [...found.values()].every(({ length }) => length === 0))
      throw new Error(`promtool said:\n${stdout}${stderr}`);
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What promtool prints of alerts that it did not expect: `got:[ 0: Labels:{…} Annotations:{…} ]`. */
function firingIn(output: string): readonly Firing[] {
  return [...output.matchAll(/Labels:(\{alertname=.*\})\s*Annotations:(\{.*?\})\s*$/gm)].map(
    ([, labels = '', annotations = '']) => {
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [
        name,
        value,
      ]);
      const all = Object.fromEntries(pairs) as Record<string, string>;
      return { alert: all['alertname'] ?? '', labels: all, annotations };
    },
  );
}

/** Their names, each once, in the order of the alphabet. */
export const namesOf = (alerts: readonly Firing[]): readonly string[] =>
  [...new Set(alerts.map(({ alert }) => alert))].toSorted();
