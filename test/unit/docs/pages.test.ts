import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { REASONS } from '../../../src/api/reasons.ts';
import { VERSION } from '../../../src/cli/version.ts';
import { FORMAT } from '../../../src/kpt/digest.ts';
import { cliPage } from '../../../tools/generate/outputs.ts';
import { anchorsOf, CHECKOUT, type Page, pages, proseOf, readPage } from '../../support/docs/pages.ts';
import { DATA, NEEDS } from '../../support/docs/session.ts';

const all = pages();
const each = test.each(all.map((page) => [page.path, page] as const));
const there = (path: string): boolean => existsSync(join(CHECKOUT, path));

/** Commands that the pages show and no test of pages runs, each with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm run demo': 'checks everything that it shows by itself, and is run by whoever changes it',
  'npm test': 'is what runs this test',
  'npm run control-plane': 'stays until Ctrl-C; the test of pages starts the same control plane',
  'mkdir data': 'the test of pages makes it for the operator',
  [`npx patchgen run --output-dir ${DATA}`]: 'stays until Ctrl-C; the test of pages starts the same operator',
  'patchgen export shop/web --output-dir /var/lib/patchgen | tar -x': 'test/unit/cli/export.test.ts',
  'kubectl patch --filename scaling-patch.yaml --patch-file scaling-patch.yaml --dry-run=server --output yaml':
    'test/integration/packages/cluster.test.ts',
  'kubectl patch --filename scaling-patch.yaml --patch-file scaling-patch.yaml':
    'test/integration/packages/cluster.test.ts',
  'helm install patchgen charts/patchgen --namespace patchgen-system --create-namespace --wait':
    'test/node/full-shared/readme.test.ts',
  'helm upgrade patchgen charts/patchgen --namespace patchgen-system --wait': 'test/node/full-shared/readme.test.ts',
  'helm test patchgen --namespace patchgen-system': 'test/node/shared/operator.test.ts',
  'helm uninstall patchgen --namespace patchgen-system': 'test/node/full-shared/readme.test.ts',
  'kubectl apply -k config/default': 'test/node/full-shared/readme.test.ts',
  'kubectl delete -k config/manager': 'test/node/full-shared/readme.test.ts',
  'kubectl delete -k config/rbac': 'test/node/full-shared/readme.test.ts',
  'kubectl rollout status deployment/patchgen --namespace patchgen-system': 'test/node/full-shared/readme.test.ts',
  'kubectl get pods --namespace patchgen-system': 'test/node/full-shared/readme.test.ts',
  'kubectl apply -f config/samples': 'test/node/full-shared/readme.test.ts',
  'kubectl wait --namespace shop --for=condition=Ready pi/web pi/orders-db --timeout=60s':
    'test/node/full-shared/readme.test.ts',
  'kubectl get pi --namespace shop': 'test/node/full-shared/readme.test.ts',
  "LEADER=$(kubectl get lease patchgen --namespace patchgen-system -o jsonpath='{.spec.holderIdentity}' | cut -d_ -f1)":
    'test/node/full-shared/readme.test.ts',
  'kubectl exec --namespace patchgen-system $LEADER -- patchgen export shop/web | tar -x':
    'test/node/full-shared/readme.test.ts',
  'ls web-scaling-09fa38da0304': 'test/node/full-shared/readme.test.ts',
  'kubectl get pods -n patchgen-system -l app.kubernetes.io/name=patchgen': 'needs pods, which npm run e2e has',
  'kubectl get --raw "/api/v1/namespaces/patchgen-system/pods/POD:8081/proxy/readyz?verbose"':
    'needs a pod, which npm run e2e has',
  'kubectl logs -n patchgen-system POD --previous': 'needs a pod that ended',
  'kubectl describe pod -n patchgen-system POD': 'needs a pod, which npm run e2e has',
  'kubectl exec -n patchgen-system POD -- patchgen doctor': 'needs a pod, which npm run e2e has',
  'kubectl patch configmap argocd-cm -n argocd --patch-file config/argocd/argocd-cm.yaml':
    'needs Argo CD; test/integration/chart/argo-health.test.ts runs the script in it',
  'npm run image': 'test/integration/image/image.test.ts',
  'docker build --tag localhost/patchgen:0.1.0 .': 'needs Docker; npm run e2e:kind runs it',
  'docker tag localhost/patchgen:0.1.0 registry.example.com/patchgen:0.1.0': 'needs Docker and a registry',
  'docker push registry.example.com/patchgen:0.1.0': 'needs Docker and a registry',
  'kind load docker-image localhost/patchgen:0.1.0': 'needs kind; npm run e2e:kind runs it',
  'kind load image-archive dist/image/patchgen-0.1.0-amd64.tar': 'needs kind',
  'ctr -n k8s.io images import dist/image/patchgen-0.1.0-amd64.tar': 'npm run e2e imports it so on a real node',
  'docker load -i dist/image/patchgen-0.1.0-amd64.tar': 'needs Docker',
  'docker build --tag localhost/patchgen:0.1.0 --build-arg REVISION=$(git rev-parse HEAD) .': 'needs Docker',
  'source <(patchgen completion bash)': 'test/unit/cli/completion.test.ts',
};

describe('what pages name', () => {
  each('%s: every relative link leads to a file, and its anchor to a heading', (_, page) => {
    const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, '');
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const relatives = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(relatives.filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  each('%s: every path of the repository exists', (_, page) => {
    expect(pathsIn(page.text).filter((path) => globSync(path, { cwd: CHECKOUT }).length === 0)).toEqual([]);
  });

  test('a path that does not exist is found out', () => {
    expect(pathsIn('See `src/nothing.ts` and docs/here, not /tmp/src/x.')).toEqual(['src/nothing.ts', 'docs/here']);
  });
});

describe('what pages run', () => {
  each('%s: every block is of a language whose rules are known', (_, { blocks }) => {
    const languages = new Set(blocks.map(({ language }) => language));
    for (const language of languages) expect(['sh', 'console', 'text', 'yaml', 'json', '']).toContain(language);
  });

  each('%s: a page with commands says in its first line what they need, and only such a page', (_, page) => {
    const runs = page.blocks.some(({ language }) => language === 'sh');
    expect(page.needs !== undefined).toBe(runs);
    if (runs) expect(page.text.split('\n')[0]).toMatch(/^<!-- test: .+ -->$/);
    for (const need of page.needs ?? []) expect(NEEDS).toContain(need);
  });

  test('what is shown and not run is in the list, and the list has nothing else', () => {
    const shown = all.flatMap(({ blocks }) =>
      blocks.filter(({ language }) => language === 'console').flatMap(({ text }) => commandsIn(text)),
    );
    expect([...new Set(shown)].toSorted()).toEqual(Object.keys(NOT_RUN).toSorted());
    for (const why of Object.values(NOT_RUN)) if (why.startsWith('test/')) expect(there(why), why).toBe(true);
  });

  test('the README names both commands that set everything up, and the operator that its test starts', () => {
    const { text } = readPage('README.md');
    for (const command of ['npm run demo', 'npm test', `npx patchgen run --output-dir ${DATA}`])
      expect(text).toContain(`$ ${command}\n`);
  });

  test('every npm script is explained in the README, and no other', () => {
    const { scripts } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...readPage('README.md').text.matchAll(/npm (?:run ([a-z0-9:-]+)|(test)\b)/g)].map(
      ([, script, own]) => script ?? own,
    );
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(scripts).toSorted());
  });
});

describe('what pages promise', () => {
  test('the index names every page of docs', () => {
    const { text } = readPage('docs/README.md');
    const others = all.map(({ path }) => path).filter((path) => /^docs\/(?!README|adr\/\d)/.test(path));
    for (const path of others) expect(text).toContain(`(${relative('docs', path)})`);
  });

  test('the lifecycle names every reason, with its class', () => {
    const { text } = readPage('docs/lifecycle.md');
    for (const reason of Object.keys(REASONS))
      expect(text).toContain(`[${reason}](reasons.md#${reason.toLowerCase()})`);
    const rows = [...text.matchAll(/^\|[^|]*\| (\[[^|]+) \| ([A-Z][a-z]+)[^|]*\|/gm)];
    for (const [, names = '', kind] of rows)
      for (const name of reasonsIn(names)) expect([name, REASONS[name].class]).toEqual([name, kind]);
    expect(rows.length).toBeGreaterThan(20);
  });

  test('the command line page is what the command tree, the settings and the exit codes say', async () => {
    const { text } = readPage('docs/cli.md');
    expect(await cliPage(text)).toBe(text);
  });

  test('decisions are numbered without a gap, have the same parts, and are in the index', () => {
    const records = all.filter(({ path }) => /adr\/\d/.test(path));
    const index = readPage('docs/adr/README.md').text;
    expect(records.length).toBeGreaterThan(0);
    for (const [i, { path, text }] of records.entries()) {
      const number = String(i + 1).padStart(4, '0');
      expect(path).toMatch(new RegExp(`/${number}-[a-z-]+\\.md$`));
      expect(text).toMatch(
        new RegExp(`^# ${number}: .+\n\nStatus: accepted\n\n## Context\n.+\n## Decision\n.+\n## Consequences\n`, 's'),
      );
      const title = /^# \d+: (.+)$/m.exec(text)?.[1];
      expect(index).toContain(`| [${number}](${relative('docs/adr', path)}) | ${title} | accepted |`);
    }
  });

  test('the changelog tells of this version and of its package format', () => {
    const { text } = readPage('CHANGELOG.md');
    const section = text.split(/^## /m).find((part) => part.startsWith(`[${VERSION}]`));
    expect(text).toContain('## [Unreleased]');
    expect(section).toContain(`Package format ${FORMAT}.`);
  });
});

function leadsSomewhere(page: Page, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.path : normalize(join(dirname(page.path), path));
  if (!there(target)) return false;
  if (anchor === undefined) return true;
  return statSync(join(CHECKOUT, target)).isFile() && anchorsOf(readPage(target)).has(anchor);
}

/** Paths and globs below a folder of the repository. */
function pathsIn(text: string): readonly string[] {
  const found = text.matchAll(/(?<![\w./-])(?:src|docs|config|crds|charts|test|tools|bench|bin|\.ci)\/[\w.*/-]*/g);
  return [...new Set([...found].map(([path]) => path.replace(/[./]+$/, '')))];
}

const commandsIn = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));

const reasonsIn = (text: string): readonly (keyof typeof REASONS)[] =>
  (Object.keys(REASONS) as (keyof typeof REASONS)[]).filter((reason) => text.includes(`[${reason}]`));
