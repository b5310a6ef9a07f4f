import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../docs/pages.ts';

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

export interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly DashboardPanel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { query: string };
    }[];
  };
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(join(CHECKOUT, 'charts/patchgen/files/dashboard.json'), 'utf8')) as Dashboard;
}

export interface Named {
  /** What a message calls it. */
  readonly where: string;
  readonly expr: string;
}

/** Every expression of a dashboard, those of its variables included. */
export function expressionsOf({ panels, templating }: Dashboard): readonly Named[] {
  const queries = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
  );
  const values = templating.list.flatMap(({ name, query }) => {
    const [, expr] = /^label_values\((.+), \w+\)$/.exec(typeof query === 'string' ? query : query.query) ?? [];
    return expr === undefined ? [] : [{ where: `variable ${name}`, expr }];
  });
  return [...queries, ...values];
}
