import type { Scene } from './scene.ts';

const SERIES = [
  'controller_runtime_reconcile_total{controller="patchintent",result="success"}',
  'patchgen_intents{ready="True"}',
  'patchgen_packages',
  'leader_election_master_status',
];

export async function showHealth({ stage, operator }: Scene): Promise<void> {
  stage.heading('10. Probes and metrics');
  for (const path of ['/healthz', '/readyz']) {
    stage.command(`curl ${operator.probes}${path}`);
    const answer = await fetch(`${operator.probes}${path}`);
    stage.show(await answer.text());
    stage.expect(`${path} answers 200`, answer.status === 200);
  }
  stage.command(`curl ${operator.metricsUrl}`);
  for (const series of SERIES) {
    const value = await operator.metric(series);
    stage.show(`${series} ${value}`);
    stage.expect(`${series} is more than 0`, (value ?? 0) > 0);
  }
}
