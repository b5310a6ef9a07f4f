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
 * expected not to fire, and what promtool finds instead is what fires. Questions share one store, each in a namespace of
 * its own, as installations do; only where nothing at all is seen there is nothing to share.
 */
export async function firing(questions: readonly Question[]): Promise<ReadonlyMap<string, readonly Firing[]>> {
  const empty = questions.filter(({ tracks }) => tracks.length === 0);
  const shared = testOf(
    questions.flatMap(({ tracks }, i) => tracks.map((track) => movedTo(`q${i}`, track))),
    [...new Set(questions.flatMap(({ at }) => at))],
  );
  const found = new Map<string, Firing[]>(questions.map(({ name }) => [name, []]));
  for (const { minute, firing: alert } of await asked(shared)) {
    const [, number = '', namespace = ''] = /^q(\d+)\.(.*)$/.exec(alert.labels['namespace'] ?? '') ?? [];
    const question = questions[Number(number)];
    if (number === '' || question?.at.includes(minute) !== true) continue;
    found.get(question.name)?.push({ ...alert, labels: { ...alert.labels, namespace } });
  }
  for (const { name, at } of empty) found.get(name)?.push(...(await asked(testOf([], at))).map((one) => one.firing));
  return found;
}

const movedTo = (place: string, { name, labels, values }: Track): Track => ({
  name,
  labels: { ...labels, namespace: `${place}.${labels['namespace']}` },
  values,
});

function testOf(tracks: readonly Track[], minutes: readonly number[]): object {
  const rules = alertRules();
  const names = new Set(rules.flatMap(({ expr }) => selectorsOf(expr).map(({ name }) => name)));
  return {
    interval: '1m',
    input_series: tracks
      .filter(({ name }) => names.has(name))
      .map((track) => ({ series: seriesText(track), values: track.values })),
    alert_rule_test: minutes.flatMap((minute) =>
      rules.map(({ alert }) => ({ eval_time: `${minute}m`, alertname: alert, exp_alerts: [] })),
    ),
  };
}

interface Found {
  readonly minute: number;
  readonly firing: Firing;
}

async function asked(test: object): Promise<readonly Found[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchgen-alerts-'));
  try {
    const file = join(folder, 'test.yaml');
    writeFileSync(file, JSON.stringify({ rule_files: [RULES_FILE], evaluation_interval: '1m', tests: [test] }));
    const { code, stdout, stderr } = await promtool('test', 'rules', file);
    const found = foundIn(stdout + stderr);
    if ((code === 0) !== (found.length === 0)) throw new Error(`promtool said:\n${stdout}${stderr}`);
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What promtool prints of alerts that it did not expect: `alertname: …, time: 1h, exp:[], got:[ 0: Labels:{…} … ]`. */
function foundIn(output: string): readonly Found[] {
  return output.split(/alertname: (?=\w+, time: )/).flatMap((part) => {
    const [, time = ''] = /^\w+, time: (\w+),/.exec(part) ?? [];
    return [...part.matchAll(/^ *Labels:(\{.*\})\s*\n *Annotations:(\{.*\}),?$/gm)].map(
      ([, labels = '', annotations = '']) => ({ minute: minutesOf(time), firing: firingOf(labels, annotations) }),
    );
  });
}

function firingOf(text: string, annotations: string): Firing {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]);
  const labels = Object.fromEntries(pairs) as Record<string, string>;
  return { alert: labels['alertname'] ?? '', labels, annotations };
}

/** `1h50m` → 110. */
function minutesOf(time: string): number {
  const [, hours = '0', minutes = '0'] = /^(?:(\d+)h)?(?:(\d+)m)?/.exec(time) ?? [];
  return Number(hours) * 60 + Number(minutes);
}

/** Their names, each once, in the order of the alphabet. */
export const namesOf = (alerts: readonly Firing[]): readonly string[] =>
  [...new Set(alerts.map(({ alert }) => alert))].toSorted();

/** The names of the alerts that these tracks raise, by one of these minutes. */
export async function alertsOf(tracks: readonly Track[], ...at: readonly number[]): Promise<readonly string[]> {
  const alerts = await firing([{ name: 'scene', tracks, at }]);
  return namesOf(alerts.get('scene') ?? []);
}
