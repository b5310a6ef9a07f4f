import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startMetricsServer } from '../../../src/http/metrics-server.ts';
import { type Checks, startProbes } from '../../../src/http/probes.ts';
import { ListenError, type RunningServer } from '../../../src/http/server.ts';
import { silentLog } from '../../../src/platform/log.ts';

const LOCAL = { host: '127.0.0.1', port: 0 } as const;
const running: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function probes(live: Checks, ready: Checks = {}): Promise<string> {
  const server = await startProbes({ address: LOCAL, checks: { live, ready }, log: silentLog });
  running.push(server);
  return `http://127.0.0.1:${server.port}`;
}

const good = () => ({ ok: true });
const bad = () => ({ ok: false, detail: 'the volume is full' });

describe('probes', () => {
  test('200 while every check holds, 503 with the names of those that do not', async () => {
    const url = await probes({ loop: good }, { caches: good, storage: bad });
    const [healthz, livez, readyz] = await Promise.all(
      ['healthz', 'livez', 'readyz'].map((path) => fetch(`${url}/${path}`)),
    );
    expect([healthz?.status, livez?.status, readyz?.status]).toEqual([200, 200, 503]);
    expect(await healthz?.text()).toBe('ok\n');
    expect(await readyz?.text()).toBe('failed: storage\n');
  });

  test('?verbose lists every check as JSON', async () => {
    const url = await probes({}, { caches: good, storage: bad });
    const answer = await fetch(`${url}/readyz?verbose`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(await answer.json()).toEqual({
      status: 'failed',
      checks: [
        { name: 'caches', ok: true },
        { name: 'storage', ok: false, detail: 'the volume is full' },
      ],
    });
  });

  test('a check that throws, or never answers, has failed', async () => {
    const url = await probes({
      throws: () => {
        throw new Error('broken');
      },
      hangs: () => new Promise(() => {}),
    });
    expect(await (await fetch(`${url}/livez?verbose`)).json()).toMatchObject({
      checks: [
        { name: 'throws', ok: false, detail: 'broken' },
        { name: 'hangs', ok: false, detail: 'the check did not answer' },
      ],
    });
  });

  test('checks are looked at anew by each request', async () => {
    const state = { ok: false };
    const url = await probes({}, { it: () => ({ ...state }) });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    state.ok = true;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('HEAD is answered like GET, without a body', async () => {
    const answer = await fetch(`${await probes({}, { storage: bad })}/readyz`, { method: 'HEAD' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-length')).toBe('16');
    expect(await answer.text()).toBe('');
  });

  test.each(['/', '/metrics', '/readyz/', '/healthz/x', '/constructor', '//readyz', '/%2e%2e/readyz%00'])(
    '%s is not found',
    async (path) => {
      expect((await fetch(`${await probes({ loop: good })}${path}`)).status).toBe(404);
    },
  );
});

describe('limits', () => {
  test('other methods are refused, and so is a body', async () => {
    const url = await probes({ loop: good });
    const post = await fetch(`${url}/healthz`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(post.status).toBe(405);
    expect(post.headers.get('allow')).toBe('GET, HEAD');
    const sent = request(`${url}/healthz`, { method: 'GET', headers: { 'content-length': '5' } });
    sent.end('hello');
    const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
    answer.resume();
    expect(answer.statusCode).toBe(413);
  });

  test('a client that asks too often is told so, and the others are answered', async () => {
    const url = await probes({ loop: good });
    const statuses = await Promise.all(Array.from({ length: 10 }, () => statusesOf(url, 30)));
    expect(statuses.flat()).toContain(429);
    // Linux gives the whole of 127.0.0.0/8 to the loopback: another source address is another client.
    expect(await statusFrom('127.0.0.2', url)).toBe(200);
  });

  test('a client that holds many connections open leaves room for the others', async () => {
    const url = await probes({ loop: good });
    const port = Number(new URL(url).port);
    const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    const ended = (): number => sockets.filter(({ closed }) => closed).length;
    try {
      await expect.poll(ended, { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(68);
      // Those within the limit are still there: it was the limit that ended the others, and not the time for headers.
      expect(ended()).toBe(68);
      expect(await statusFrom('127.0.0.2', url)).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  test('headers larger than a probe needs are refused', async () => {
    const url = await probes({ loop: good });
    await expect(
      fetch(`${url}/healthz`, { headers: { x: 'y'.repeat(20_000) } }).then((it) => it.status),
    ).rejects.toThrow();
  });
});

describe('listening', () => {
  test('a taken port is an error that names the address and the setting', async () => {
    const url = await probes({});
    const port = Number(new URL(url).port);
    const second = startProbes({
      address: { host: '127.0.0.1', port },
      checks: { live: {}, ready: {} },
      log: silentLog,
    });
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toThrow(
      `health probes: cannot listen on 127.0.0.1:${port}: the port is taken by another process; choose another with --health-probe-bind-address`,
    );
  });

  test('a server that is switched off has no port and stops', async () => {
    const server = await startProbes({ address: null, checks: { live: {}, ready: {} }, log: silentLog });
    expect(server.port).toBeUndefined();
    await server.stop();
  });

  test('stop ends kept connections too', async () => {
    const url = await probes({ loop: good });
    await (await fetch(`${url}/healthz`)).text();
    await running.pop()?.stop();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});

describe('metrics', () => {
  test('scrapes at the same time share one rendering, a later one sees new numbers, and nothing else is served', async () => {
    const state = { renderings: 0 };
    const render = async (): Promise<string> => {
      state.renderings += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return `n ${state.renderings}\n`;
    };
    const server = await startMetricsServer({
      address: LOCAL,
      metrics: { contentType: 'text/plain; version=0.0.4', render },
      log: silentLog,
    });
    running.push(server);
    const url = `http://127.0.0.1:${server.port}`;
    const answers = await Promise.all([1, 2, 3].map(async () => (await fetch(`${url}/metrics`)).text()));
    expect(new Set(answers)).toEqual(new Set(['n 1\n']));
    const later = await fetch(`${url}/metrics`);
    expect(later.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await later.text()).toBe('n 2\n');
    expect((await fetch(`${url}/healthz`)).status).toBe(404);
  });

  test('a rendering that fails is a 500, and the next one is tried', async () => {
    const state = { fail: true };
    const render = async (): Promise<string> => {
      if (state.fail) throw new Error('secret detail');
      return 'ok\n';
    };
    const server = await startMetricsServer({
      address: LOCAL,
      metrics: { contentType: 'text/plain', render },
      log: silentLog,
    });
    running.push(server);
    const failed = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect([failed.status, await failed.text()]).toEqual([500, 'internal error\n']);
    state.fail = false;
    expect((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status).toBe(200);
  });
});

async function statusesOf(url: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i += 1) statuses.push((await fetch(`${url}/healthz`)).status);
  return statuses;
}

async function statusFrom(localAddress: string, url: string): Promise<number | undefined> {
  const sent = request(`${url}/healthz`, { localAddress, agent: false });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [{ statusCode?: number; resume(): void }];
  answer.resume();
  return answer.statusCode;
}
