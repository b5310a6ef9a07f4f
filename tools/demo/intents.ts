import { readdir, readFile } from 'node:fs/promises';
import type { Scene } from './scene.ts';

const SAMPLES = 'config/samples';
const BAD = `${SAMPLES}/bad`;
const PUBLISHED = ['legacy-cart', 'night-batch-off', 'orders-db', 'sale-rush', 'web'];

export async function applySamples({ stage, plane }: Scene): Promise<void> {
  stage.heading('3. Intents: what should change, as objects');
  stage.command(`cat ${SAMPLES}/web.yaml`);
  stage.show(await readFile(`${SAMPLES}/web.yaml`, 'utf8'));
  stage.command(`kubectl apply -f ${SAMPLES} -f ${BAD}/rejected-kind.yaml`);
  const { stdout } = await plane.kubectl(['apply', '-f', SAMPLES, '-f', `${BAD}/rejected-kind.yaml`]);
  stage.show(stdout);
  stage.command(`kubectl wait -n shop --for=condition=Ready pi/${PUBLISHED.join(' pi/')}`);
  const wait = [
    'wait',
    '-n',
    'shop',
    '--for=condition=Ready',
    '--timeout=30s',
    ...PUBLISHED.map((name) => `pi/${name}`),
  ];
  const waited = await plane.kubectl(wait, { allowFailure: true });
  stage.expect(`${PUBLISHED.length} intents become Ready`, waited.code === 0);
}

export async function showTable({ stage, plane }: Scene): Promise<void> {
  stage.heading('4. What became of them');
  stage.command('kubectl get pi -n shop');
  const { stdout } = await plane.kubectl(['get', 'pi', '-n', 'shop']);
  stage.show(stdout);
  stage.expect('the table shows the change of web', /^web\s+scaling\s+web\s+replicas → 5\s+True/m.test(stdout));
  stage.expect('the suspended one waits', /suspended/i.test(stdout));
  stage.command('kubectl describe pi web -n shop');
  const events = async (): Promise<string> => (await plane.kubectl(['describe', 'pi', 'web', '-n', 'shop'])).stdout;
  let described = await events();
  for (let tries = 0; tries < 50 && !described.includes('PackageWritten  '); tries += 1) described = await events();
  stage.show(described.slice(described.indexOf('Status:')));
  stage.expect('its Event says PackageWritten', /Normal\s+PackageWritten/.test(described));
}

export async function showRejected({ stage, plane }: Scene): Promise<void> {
  stage.heading('5. An intent that the server accepts and the operator refuses says why');
  const name = /name: (\S+)/.exec(await readFile(`${BAD}/rejected-kind.yaml`, 'utf8'))?.[1] ?? '';
  await plane.kubectl(['wait', '-n', 'shop', `pi/${name}`, '--for=condition=Stalled', '--timeout=30s'], {
    allowFailure: true,
  });
  const { stdout } = await plane.kubectl([
    'get',
    'pi',
    name,
    '-n',
    'shop',
    '-o',
    'jsonpath={range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\\n"}{end}',
  ]);
  stage.show(stdout);
  stage.expect('it is Stalled with reason UnsupportedTargetKind', /Stalled=True UnsupportedTargetKind/.test(stdout));
}

export async function refuseBadSamples({ stage, plane }: Scene): Promise<void> {
  stage.heading('6. Intents that the API server refuses at once');
  for (const file of (await readdir(BAD)).filter((it) => it.startsWith('refused-')).sort()) {
    const { code, stderr } = await plane.kubectl(['apply', '-f', `${BAD}/${file}`], { allowFailure: true });
    const expected = expectedWords(await readFile(`${BAD}/${file}`, 'utf8'));
    stage.expect(`${file}: ${expected}`, code !== 0 && squeeze(stderr).includes(squeeze(expected)));
  }
}

/** Each bad sample begins with a comment that quotes the server. */
const expectedWords = (text: string): string => /^#   (.+)$/m.exec(text)?.[1] ?? '(the sample does not say)';
const squeeze = (text: string): string => text.replaceAll(/\\"|"/g, '').replaceAll(/\s+/g, ' ');
