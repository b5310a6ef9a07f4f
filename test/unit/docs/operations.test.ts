import { describe, expect, test } from 'vitest';
import { anchorsOf, readPage } from '../../support/docs/pages.ts';
import { readDashboard } from '../../support/monitoring/dashboard.ts';
import { alertRules } from '../../support/monitoring/rules.ts';

const page = readPage('docs/operations.md');
const rules = alertRules();
const runbooks = new Map(
  page.text
    .slice(page.text.indexOf('\n## Alerts\n'))
    .split(/^### /m)
    .slice(1)
    .map((section): [string, string] => [section.slice(0, section.indexOf('\n')), section]),
);

describe('the alerts', () => {
  test('each has a runbook of its name, and there is no other', () => {
    expect([...runbooks.keys()]).toEqual(rules.map(({ alert }) => alert));
  });

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s leads to its runbook, with the same severity',
    (alert, rule) => {
      expect(rule.annotations['runbook']).toBe(`${page.path}#${alert.toLowerCase()}`);
      expect(anchorsOf(page)).toContain(alert.toLowerCase());
      expect(runbooks.get(alert)).toContain(`\n\n*${rule.labels['severity']}*\n`);
      expect(['critical', 'warning', 'info']).toContain(rule.labels['severity']);
    },
  );

  test.each([...runbooks])('%s: what it means, what suffers, where to look, what to do', (_, section) => {
    const parts = [...section.matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, part]) => part);
    expect(parts).toEqual(['Means.', 'Impact.', 'Look at', 'Do.']);
  });

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says what is wrong in a sentence, and then more',
    (_, rule) => {
      const { summary = '', description = '' } = rule.annotations;
      expect(summary).toMatch(/^[A-Z][^\n{}]{10,70}\.$/);
      expect(description.length).toBeGreaterThan(summary.length);
      expect(description).toMatch(/\.$/);
    },
  );

  test('an alert on the increase of a counter waits longer than its window, or looks back on purpose', () => {
    const window = (expr: string): number =>
      Math.max(0, ...[...expr.matchAll(/(?:increase|rate)\([^[]*\[(\d+)m\]/g)].map(([, it]) => Number(it)));
    const short = rules.filter(
      ({ expr, for: wait = '0m' }) => window(expr) > 0 && window(expr) >= Number.parseInt(wait, 10),
    );
    expect(short.map(({ alert }) => alert)).toEqual(['PatchgenLeaseRenewSlow']);
  });
});

describe('the page', () => {
  test('every panel that it names is in the dashboard', () => {
    const titles = new Set(readDashboard().panels.map(({ title }) => title));
    const named = [...page.text.matchAll(/panels? ((?:\*[^*]+\*(?:, | and )?)+)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/\*([^*]+)\*/g)].map(([, title = '']) => title.replaceAll(/\s+/g, ' ')),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((title) => !titles.has(title))).toEqual([]);
  });
});

describe('the dashboard', () => {
  const { panels, templating } = readDashboard();

  test('every panel says what it shows, has a number of its own, and covers no other', () => {
    const shown = panels.filter(({ type }) => type !== 'row');
    for (const { title, description, targets = [] } of shown)
      expect([title, (description ?? '') !== '', targets.length > 0]).toEqual([title, true, true]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  test('it asks for the data source, the namespace, the installation and the pods', () => {
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'namespace', 'job', 'pod']);
  });
});
