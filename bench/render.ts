/**
 * One intent from the stored object to the bytes of its package: validate, plan, admit, render, as the operator does it,
 * without a file. Against the least that any such program must do: hash the same bytes once. Both in one process,
 * interleaved; trust the ratio. Must reach: 60 µs of CPU for one intent.
 */
import { hash } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { PatchIntent } from '../src/api/types.ts';
import { renderPackage } from '../src/kpt/render.ts';
import { plan, validate } from '../src/reconcile/path.ts';

const { values } = parseArgs({
  options: {
    intents: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean' },
  },
});
const LIMIT_MICROS = 60;
const KINDS = ['Deployment', 'StatefulSet', 'ReplicaSet'];
const rules = { allowedTargetNamespaces: new Set<string>(), strictMode: false };

/** Each intent differs from the others, so that nothing can be remembered from one to the next. */
function intent(n: number): PatchIntent {
  const name = `checkout-service-${n}`;
  return {
    apiVersion: 'patchgen.dev/v1alpha1',
    kind: 'PatchIntent',
    metadata: { name, namespace: `team-${n % 50}`, uid: `uid-${n}`, resourceVersion: `${n}`, generation: 1 },
    spec: {
      intentType: 'scaling',
      target: name,
      targetKind: KINDS[n % 3] ?? 'Deployment',
      replicas: n % 101,
      reason: 'Traffic forecast for the weekend',
      source: 'capacity-planner',
      correlationId: `INC-${n}`,
    },
  };
}

const intents = Array.from({ length: Number(values.intents) }, (_, n) => intent(n));
const packageOf = (one: PatchIntent) => renderPackage(plan(validate({ intent: one }, rules)).plan);
const contents = intents.map((one) => packageOf(one).files.map(({ content }) => content));

const variants = {
  floor: () => {
    for (const files of contents) for (const content of files) hash('sha256', content, 'hex');
  },
  validate: () => {
    for (const one of intents) validate({ intent: one }, rules);
  },
  whole: () => {
    for (const one of intents) packageOf(one);
  },
};

/** CPU microseconds per intent. */
function measure(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / intents.length;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const times: Record<keyof typeof variants, number[]> = { floor: [], validate: [], whole: [] };
for (let round = -2; round < Number(values.rounds); round += 1) {
  for (const name of ['floor', 'validate', 'whole'] as const) {
    const micros = measure(variants[name]);
    if (round >= 0) times[name].push(micros); // the first two rounds warm the compiler up
  }
}
const micros = { floor: median(times.floor), validate: median(times.validate), whole: median(times.whole) };
const result = {
  intents: intents.length,
  microsPerIntent: micros,
  ratio: median(times.whole.map((time, n) => time / (times.floor[n] ?? Number.NaN))),
  reached: micros.whole <= LIMIT_MICROS,
};
if (values.json) console.log(JSON.stringify(result));
else {
  console.log(`${intents.length} intents, CPU per intent: hashing the bytes once ${micros.floor.toFixed(1)} µs`);
  console.log(`validate ${micros.validate.toFixed(1)} µs; validate + plan + render ${micros.whole.toFixed(1)} µs`);
  console.log(
    `${result.ratio.toFixed(1)} × the floor; at most ${LIMIT_MICROS} µs: ${result.reached ? 'reached' : 'MISSED'}`,
  );
}
