import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AccessError, loadAccess } from '../../../../src/platform/kubernetes/access.ts';
import { ManualClock } from '../../../support/clock.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'patchgen-access-'));
});
afterEach(() => rm(dir, { recursive: true }));

interface ConfigParts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly current?: string | undefined;
  readonly name?: string;
}

async function kubeconfig(file: string, parts: ConfigParts = {}): Promise<string> {
  const name = parts.name ?? 'dev';
  const path = join(dir, file);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'current' in parts ? parts.current : name,
    clusters: [{ name, cluster: { server: `https://${name}.example:6443`, ...parts.cluster } }],
    users: [{ name, user: { token: 's3cret-token', ...parts.user } }],
    contexts: [{ name, context: { cluster: name, user: name, ...parts.context } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(String, (error: unknown) => error);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a kubeconfig', () => {
  test('gives server, namespace and token of its current context', async () => {
    const path = await kubeconfig('config', { context: { namespace: 'shop' } });
    const access = await loadAccess({ kubeconfig: path, env: {} });
    expect(access).toMatchObject({ server: 'https://dev.example:6443', namespace: 'shop' });
    expect(await access.credentials()).toEqual({
      headers: { authorization: 'Bearer s3cret-token' },
      tls: { verify: true },
    });
  });

  test('gives certificates from data and from files that are relative to its own folder', async () => {
    await mkdir(join(dir, 'pki'));
    await writeFile(join(dir, 'pki', 'ca.crt'), 'CA');
    await writeFile(join(dir, 'pki', 'me.key'), 'KEY');
    const path = await kubeconfig('config', {
      cluster: { 'certificate-authority': 'pki/ca.crt', 'tls-server-name': 'kubernetes' },
      user: { token: undefined, 'client-certificate-data': base64('CERT'), 'client-key': 'pki/me.key' },
    });
    const { headers, tls } = await (await loadAccess({ kubeconfig: path, env: {} })).credentials();
    expect(headers).toEqual({});
    expect(tls).toEqual({ ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'kubernetes', verify: true });
  });

  test('gives a password, an impersonated user and an unverified server only where it says so', async () => {
    const user = { token: undefined, username: 'me', password: 'p:w', as: 'other' };
    const path = await kubeconfig('config', { user, cluster: { 'insecure-skip-tls-verify': true } });
    const { headers, tls } = await (await loadAccess({ kubeconfig: path, env: {} })).credentials();
    expect(headers).toEqual({ authorization: `Basic ${base64('me:p:w')}`, 'impersonate-user': 'other' });
    expect(tls.verify).toBe(false);
  });

  test('sends the name of an impersonated user as UTF-8, a byte to a character', async () => {
    const path = await kubeconfig('config', { user: { as: 'jürgen 李' } });
    const { headers } = await (await loadAccess({ kubeconfig: path, env: {} })).credentials();
    const sent = headers['impersonate-user'] ?? '';
    expect(Buffer.from(sent, 'latin1').toString('utf8')).toBe('jürgen 李');
    expect(Array.from(sent).every((letter) => letter.charCodeAt(0) < 256)).toBe(true);
  });

  test('runs an exec plugin, and runs it again on reload', async () => {
    const count = join(dir, 'count');
    await writeFile(count, '');
    const script = `printf x >> ${count}; printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"from-plugin-%s"}}' $(wc -c < ${count})`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', script],
      interactiveMode: 'Never',
    };
    const path = await kubeconfig('config', { user: { token: undefined, exec } });
    const access = await loadAccess({ kubeconfig: path, env: {} });
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer from-plugin-1' });
    await access.reload();
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer from-plugin-2' });
  });
});

describe('the files of KUBECONFIG', () => {
  test('count as one: the first to name an entry or the context wins, and missing files are passed over', async () => {
    const first = await kubeconfig('first', { name: 'one', current: '' });
    const second = await kubeconfig('second', { name: 'two' });
    const env = { kubeconfig: [join(dir, 'missing'), first, second].join(':') };
    expect((await loadAccess({ env })).server).toBe('https://two.example:6443');
    expect((await loadAccess({ env, context: 'one' })).server).toBe('https://one.example:6443');
  });

  test('must not all be missing', async () => {
    const error = await failureOf(loadAccess({ env: { kubeconfig: join(dir, 'missing') } }));
    expect(error).toBeInstanceOf(AccessError);
    expect(String(error)).toContain(join(dir, 'missing'));
  });
});

test('a flag goes before KUBECONFIG, that before the home directory, and that before the pod', async () => {
  const flag = await kubeconfig('flag', { name: 'flag' });
  const listed = await kubeconfig('listed', { name: 'listed' });
  await mkdir(join(dir, '.kube'));
  await kubeconfig('.kube/config', { name: 'home' });
  const pod = { serviceHost: '10.0.0.1', servicePort: '443', serviceAccountDir: await serviceAccount() };
  const env = { ...pod, kubeconfig: listed, home: dir };
  const server = async (options: Parameters<typeof loadAccess>[0]): Promise<string> =>
    (await loadAccess(options)).server;
  expect(await server({ kubeconfig: flag, env })).toContain('flag.example');
  expect(await server({ env })).toContain('listed.example');
  expect(await server({ env: { ...pod, home: dir } })).toContain('home.example');
  expect(await server({ env: { ...pod, home: join(dir, 'nobody') } })).toBe('https://10.0.0.1:443');
  expect(String(await failureOf(loadAccess({ env: { home: join(dir, 'nobody') } })))).toContain('no cluster');
});

test.each<readonly [string, () => Promise<Parameters<typeof loadAccess>[0]>, readonly string[]]>([
  [
    'a file that is not there',
    async () => ({ kubeconfig: join(dir, 'nope'), env: {} }),
    ['there is no kubeconfig file', 'nope'],
  ],
  [
    'a context that is not there',
    async () => ({ kubeconfig: await kubeconfig('c'), context: 'prod', env: {} }),
    ['no context "prod"', 'its contexts are: dev'],
  ],
  [
    'no current context',
    async () => ({ kubeconfig: await kubeconfig('c', { current: undefined }), env: {} }),
    ['no current context', 'dev'],
  ],
  [
    'a context without a cluster',
    async () => ({ kubeconfig: await kubeconfig('c', { context: { cluster: 'x' } }), env: {} }),
    ['leads to no cluster'],
  ],
  [
    'a user who is not there',
    async () => ({ kubeconfig: await kubeconfig('c', { context: { user: 'x' } }), env: {} }),
    ['"x"'],
  ],
  [
    'a token file that is not there',
    async () => ({ kubeconfig: await kubeconfig('c', { user: { tokenFile: 'gone' } }), env: {} }),
    ['gone', 'ENOENT'],
  ],
  [
    'an impersonation that would be cut short',
    async () => ({ kubeconfig: await kubeconfig('c', { user: { as: 'a', 'as-groups': ['g'] } }), env: {} }),
    ['as-groups'],
  ],
  [
    'a proxy',
    async () => ({ kubeconfig: await kubeconfig('c', { cluster: { 'proxy-url': 'http://p' } }), env: {} }),
    ['proxy-url'],
  ],
])('%s is one clear error without a secret', async (_name, options, parts) => {
  const error = await failureOf(loadAccess(await options()));
  expect(error).toBeInstanceOf(AccessError);
  for (const part of parts) expect(String(error)).toContain(part);
  expect(String(error)).not.toContain('s3cret');
});

test('neither a broken file nor a printed access shows a secret', async () => {
  await writeFile(join(dir, 'broken'), 'users:\n- token: "s3cret-token\n  x: [');
  const error = await failureOf(loadAccess({ kubeconfig: join(dir, 'broken'), env: {} }));
  expect(error).toBeInstanceOf(AccessError);
  expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
  const access = await loadAccess({ kubeconfig: await kubeconfig('good'), env: {} });
  await access.credentials();
  expect(inspect(access, { depth: 9, showHidden: true })).not.toContain('s3cret');
});

async function serviceAccount(token = 'pod-token'): Promise<string> {
  const account = join(dir, 'serviceaccount');
  await mkdir(account, { recursive: true });
  await writeFile(join(account, 'token'), `${token}\n`);
  await writeFile(join(account, 'ca.crt'), 'CA');
  await writeFile(join(account, 'namespace'), 'patchgen-system');
  return account;
}

describe('the service account of a pod', () => {
  test('gives token, CA and namespace, and an address of version 6 in brackets', async () => {
    const env = { home: dir, serviceHost: 'fd00::1', servicePort: '443', serviceAccountDir: await serviceAccount() };
    const access = await loadAccess({ env });
    expect(access).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'patchgen-system' });
    expect(await access.credentials()).toEqual({
      headers: { authorization: 'Bearer pod-token' },
      tls: { ca: 'CA', verify: true },
    });
  });

  test('has its token read again after a minute, at once on reload, and kept when the file is away', async () => {
    const clock = new ManualClock();
    const env = {
      home: dir,
      serviceHost: '10.0.0.1',
      servicePort: '443',
      serviceAccountDir: await serviceAccount('one'),
    };
    const access = await loadAccess({ env, clock });
    const bearer = async (): Promise<unknown> => (await access.credentials()).headers['authorization'];
    const { tls } = await access.credentials();

    await serviceAccount('two');
    await clock.advance(59_000);
    expect(await bearer()).toBe('Bearer one');
    await clock.advance(1000);
    expect(await bearer()).toBe('Bearer two');

    await serviceAccount('three');
    await access.reload();
    expect(await bearer()).toBe('Bearer three');
    // The same CA: connections need not be made anew.
    expect((await access.credentials()).tls).toBe(tls);

    await rm(join(env.serviceAccountDir, 'token'));
    await clock.advance(60_000);
    expect(await bearer()).toBe('Bearer three');
  });
});
