import type { Panel, Row } from './panel.ts';
import { POD_ROWS } from './pod-rows.ts';
import { POLICY_ROWS } from './policy-rows.ts';
import { SERVER_ROWS } from './server-rows.ts';
import { WORK_ROWS } from './work-rows.ts';

const COLUMNS = 24;
const HEIGHT = { stat: 4, timeseries: 8 } as const;
const SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** charts/patchgen/files/dashboard.json: a dashboard as Grafana exports one, for import and for its sidecar. */
export function dashboard(): string {
  const whole = {
    annotations: { list: [] },
    description: 'The Patchgen operator: intents, packages, and the process that turns the one into the other.',
    editable: true,
    graphTooltip: 1,
    links: [],
    panels: panelsOf([...WORK_ROWS, ...POLICY_ROWS, ...SERVER_ROWS, ...POD_ROWS]),
    refresh: '30s',
    schemaVersion: 41,
    tags: ['patchgen', 'kubernetes'],
    templating: { list: variables() },
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    title: 'Patchgen',
    uid: 'patchgen',
    version: 1,
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

function variables(): readonly object[] {
  const query = (name: string, matchers: string, more: object = {}): object => ({
    name,
    type: 'query',
    datasource: SOURCE,
    query: { query: `label_values(patchgen_build_info${matchers}, ${name})`, refId: name },
    refresh: 2,
    sort: 1,
    ...more,
  });
  return [
    { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
    query('namespace', '', { label: 'Namespace' }),
    query('job', '{namespace="$namespace"}', { label: 'Installation' }),
    query('pod', '{namespace="$namespace", job="$job"}', {
      label: 'Pod',
      multi: true,
      includeAll: true,
      allValue: '.*',
    }),
  ];
}

/** Rows from top to bottom; in each the panels from left to right, a new line where one does not fit. */
function panelsOf(rows: readonly Row[]): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: inside } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of inside) {
      const w = panel.width ?? 8;
      if (x + w > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      const h = HEIGHT[panel.kind];
      panels.push(panelOf(panel, panels.length + 1, { x, y, w, h }));
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return panels;
}

function panelOf(panel: Panel, id: number, gridPos: Place): object {
  const { title, description, kind, queries } = panel;
  return {
    id,
    type: kind,
    title,
    description,
    datasource: SOURCE,
    gridPos,
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: SOURCE,
      editorMode: 'code',
      expr,
      legendFormat: legend ?? '',
      range: kind === 'timeseries',
      instant: kind === 'stat',
    })),
    fieldConfig: { defaults: kind === 'stat' ? statDefaults(panel) : lineDefaults(panel), overrides: [] },
    options: kind === 'stat' ? statOptions(panel) : LINE_OPTIONS,
  };
}

const LINE_OPTIONS = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
  tooltip: { mode: 'multi', sort: 'desc' },
};

function lineDefaults({ unit }: Panel): object {
  return {
    unit,
    min: 0,
    color: { mode: 'palette-classic' },
    custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 8, showPoints: 'never', spanNulls: false },
  };
}

function statDefaults({ unit, warnFrom, failFrom, failBelow }: Panel): object {
  const steps = [
    { color: failBelow === undefined ? 'green' : 'red', value: null },
    ...(failBelow === undefined ? [] : [{ color: 'green', value: failBelow }]),
    ...(warnFrom === undefined ? [] : [{ color: 'yellow', value: warnFrom }]),
    ...(failFrom === undefined ? [] : [{ color: 'red', value: failFrom }]),
  ];
  const plain = steps.length === 1;
  return {
    unit,
    color: plain ? { mode: 'fixed', fixedColor: 'text' } : { mode: 'thresholds' },
    thresholds: { mode: 'absolute', steps },
  };
}

function statOptions({ names = false }: Panel): object {
  return {
    colorMode: 'value',
    graphMode: 'none',
    justifyMode: 'auto',
    orientation: 'auto',
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    textMode: names ? 'name' : 'auto',
  };
}
