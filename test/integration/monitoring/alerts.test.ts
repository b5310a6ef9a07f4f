import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPage } from '../../support/docs/pages.ts';
import { PATIENT_LEASE } from '../../support/lease-flags.ts';
import { CASES } from '../../support/monitoring/cases.ts';
import { expressionsOf, readDashboard } from '../../support/monitoring/dashboard.ts';
import type { Sample } from '../../support/monitoring/exposition.ts';
import { type Firing, firing, namesOf, promtool } from '../../support/monitoring/promtool.ts';
import { alertRules, RULES_FILE } from '../../support/monitoring/rules.ts';
import { scrape } from '../../support/monitoring/scrape.ts';
import type { AlertCases, Story } from '../../support/monitoring/story.ts';
import { type Scrape, type Track, target, tracksOf, withValues } from '../../support/monitoring/tracks.ts';
import { unknownNames } from '../../support/monitoring/unknown-names.ts';
import { readyIntents } from '../../support/operator-scenes.ts';
import { type OperatorWorld, operatorWorld } from '../../support/operator-world.ts';

const rules = alertRules();

/** Whatever this machine has: a disk that is half full and large enough, and CPU to spare. */
const ROOMY: Readonly<Record<string, string>> = {
  patchgen_storage_available_bytes: '5e9x120',
  patchgen_storage_size_bytes: '1e10x120',
  patchgen_storage_free_inodes: '5e5x120',
  patchgen_storage_inodes: '1e6x120',
  nodejs_eventloop_lag_p99_seconds: '0.02x120',
};

let world: OperatorWorld;
let leading: Scrape;
let served: readonly Sample[];
let found: ReadonlyMap<string, readonly Firing[]>;
beforeAll(async () => {
  world = await operatorWorld();
  await world.namespace('shop');
  const leader = await world.start({ flags: PATIENT_LEASE });
  await readyIntents(world, 'shop', ['a', 'b', 'c']);
  const standby = await world.start({ flags: PATIENT_LEASE, outputDir: world.volume() });
  leading = await scrape(leader);
  served = leading.exposition?.samples ?? [];
  const scraped = [
    ...tracksOf(target('a'), [leading], 'hold'),
    ...tracksOf(target('b'), [await scrape(standby)], 'hold'),
  ];
  const well = Object.entries(ROOMY).reduce<readonly Track[]>(
    (tracks, [name, values]) => withValues(tracks, name, values),
    scraped,
  );
  const told = [...stories('fires'), ...stories('staysQuiet')].map(([alert, name, { change, at = [60] }]) => ({
    name: `${alert}: ${name}`,
    tracks: change(well).filter(hasNews),
    at,
  }));
  found = await firing([{ name: 'all is well', tracks: well, at: [5, 30, 60, 75] }, ...told]);
});
afterAll(async () => world?.stop());

test('promtool accepts the rules', async () => {
  const { code, stdout, stderr } = await promtool('check', 'rules', RULES_FILE);
  expect(`${stdout}${stderr}`).toContain(`${rules.length} rules found`);
  expect(code).toBe(0);
});

test('a leader and a standby that are well raise no alert', () => {
  expect(found.get('all is well')).toEqual([]);
});

test('each alert has a case in which it fires and one in which it must not', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
  for (const { fires, staysQuiet } of Object.values(CASES))
    expect([fires, staysQuiet].map((stories) => Object.keys(stories).length > 0)).toEqual([true, true]);
});

describe('an alert fires', () => {
  test.each(stories('fires'))('%s: %s', (alert, name, { besides = [] }) => {
    const fired = found.get(`${alert}: ${name}`) ?? [];
    expect(namesOf(fired)).toEqual([alert, ...besides].toSorted());
    for (const { annotations } of fired) expect(annotations).not.toMatch(/<error|no value|\{\{|%!/);
    const labels = fired.find((one) => one.alert === alert)?.labels ?? {};
    // Where nothing at all is seen there is no installation to name.
    const unknown = labelsUsed(alert).filter((label) => labels[label] === undefined);
    if (name !== 'nothing was ever seen') expect(unknown).toEqual([]);
  });
});

describe('an alert stays quiet', () => {
  test.each(stories('staysQuiet'))('%s: %s', (alert, name, { besides = [] }) => {
    expect(namesOf(found.get(`${alert}: ${name}`) ?? [])).toEqual(besides);
  });
});

test('every series that the operator serves is documented', () => {
  const { text } = readPage('docs/metrics.md');
  const families = [...(leading.exposition?.types.keys() ?? [])].filter((name) => !/^(process|nodejs)_/.test(name));
  expect(families.length).toBeGreaterThan(45);
  expect(
    families.filter((name) => !text.includes(`\n| \`${name}\` | ${leading.exposition?.types.get(name)} |`)),
  ).toEqual([]);
});

describe('the names in expressions', () => {
  const inRules = rules.map(({ alert, expr }) => ({ where: alert, expr }));
  const inDashboard = expressionsOf(readDashboard());

  test('every series, label and value that an alert names is one that the operator serves', () => {
    expect(inRules.length).toBeGreaterThan(30);
    expect(unknownNames(inRules, served)).toEqual([]);
  });

  test('every series, label and value that the dashboard names is one that the operator serves', () => {
    expect(inDashboard.length).toBeGreaterThan(60);
    expect(unknownNames(inDashboard, served)).toEqual([]);
  });

  test.each([
    ['patchgen_packets', 'no series patchgen_packets'],
    ['sum(rate(patchgen_publish_total{result="failed"}[5m]))', 'patchgen_publish_total has no label result'],
    ['patchgen_publish_total{outcome="lost"}', 'patchgen_publish_total never has outcome="lost"'],
    ['patchgen_publish_total{outcome!~"failed|lost"}', 'patchgen_publish_total never has outcome="lost"'],
    ['sum by (colour) (patchgen_packages)', 'no series of it has the label colour'],
    ['patchgen_publish_seconds', 'no series patchgen_publish_seconds'],
  ])('%s is found out', (expr, finding) => {
    expect(unknownNames([{ where: 'here', expr }], served)).toEqual([`here: ${finding}`]);
  });
});

function stories(kind: keyof AlertCases): [string, string, Story][] {
  return Object.entries(CASES).flatMap(([alert, cases]) =>
    Object.entries(cases[kind]).map(([name, story]): [string, string, Story] => [alert, name, story]),
  );
}

/** What is 0 and stays 0 is told by the first question; the others are quicker without it. */
const hasNews = ({ values }: Track): boolean => values !== '0 0+0x120';

/** Labels that the texts of an alert name; a missing one would be an empty word. */
function labelsUsed(alert: string): readonly string[] {
  const { annotations = {} } = rules.find((rule) => rule.alert === alert) ?? {};
  return Object.values(annotations).flatMap((text) =>
    [...text.matchAll(/\$labels\.(\w+)/g)].map(([, name = '']) => name),
  );
}
