import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ApiError, ConnectionError, DecodeError } from '../../../../src/platform/kubernetes/client.ts';
import { ManualClock } from '../../../support/clock.ts';
import { peerWorld } from '../../../support/http-peer.ts';

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string | string[]> = {},
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

const get = (path: string) => ({ method: 'GET', path }) as const;
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (error: unknown) => error,
  );

describe('a request', () => {
  test('carries method, path below the server, query, body, types, token and name', async () => {
    let seen: unknown;
    const { client } = await peerWorld(
      async (request, response) => {
        const { authorization, accept, 'content-type': type, 'user-agent': agent } = request.headers;
        seen = {
          url: request.url,
          method: request.method,
          authorization,
          accept,
          type,
          agent,
          body: await textOf(request),
        };
        json(response, 200, { done: true }, { warning: ['299 - "unknown field"'] });
      },
      { path: '/clusters/one/' },
    );
    const answer = await client.request({
      method: 'PATCH',
      path: '/apis/x/v1/things/a',
      query: { fieldManager: 'patch gen', force: true, absent: undefined },
      body: { value: 'ü' },
    });
    expect(answer).toEqual({ status: 200, body: { done: true }, warnings: ['unknown field'] });
    expect(seen).toEqual({
      url: '/clusters/one/apis/x/v1/things/a?fieldManager=patch+gen&force=true',
      method: 'PATCH',
      authorization: 'Bearer token',
      accept: 'application/json',
      type: 'application/merge-patch+json',
      agent: 'patchgen/test',
      body: '{"value":"ü"}',
    });
  });

  test('gets text where text was asked for', async () => {
    const { client } = await peerWorld((_request, response) => response.end('ok'));
    expect((await client.request({ ...get('/readyz'), accept: 'text/plain' })).body).toBe('ok');
  });

  test('rejects with the Status of the server for any other answer than 2xx', async () => {
    const body = { kind: 'Status', code: 409, reason: 'AlreadyExists', message: 'things "a" already exists' };
    const { client } = await peerWorld((_request, response) => json(response, 409, body));
    const error = await failureOf(client.request(get('/')));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, reason: 'AlreadyExists', message: body.message, body });
  });

  test.each([
    ['a number of seconds', { 'retry-after': '3' }, 3000],
    ['a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }, 5000],
    ['the Status body', {}, 1000],
  ])('reads how long to wait from %s', async (_name, headers, expected) => {
    const body = { kind: 'Status', details: { retryAfterSeconds: 1 } };
    const { client } = await peerWorld((_request, response) => json(response, 429, body, headers), {
      clock: new ManualClock(new Date('2026-01-01T00:00:00Z')),
    });
    expect(await failureOf(client.request(get('/')))).toMatchObject({
      reason: 'TooManyRequests',
      retryAfterMs: expected,
    });
  });

  test('rejects with DecodeError for a success that is no JSON, and for one that is too large', async () => {
    const { client } = await peerWorld(
      (request, response) =>
        response.end(request.url === '/html' ? '<html>log in</html>' : JSON.stringify('x'.repeat(2000))),
      { maxBodyBytes: 1000 },
    );
    expect(await failureOf(client.request(get('/html')))).toBeInstanceOf(DecodeError);
    expect(await failureOf(client.request(get('/large')))).toBeInstanceOf(DecodeError);
  });

  test('rejects with ConnectionError when nobody listens, when the answer is cut, and when it stays out', async () => {
    const { client, peer } = await peerWorld((request, response) => {
      if (request.url === '/hang') return;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"half":');
      if (request.url === '/cut') setTimeout(() => response.destroy(), 10);
    });
    expect(await failureOf(client.request(get('/cut')))).toBeInstanceOf(ConnectionError);
    expect(await failureOf(client.request({ ...get('/hang'), timeoutMs: 50 }))).toBeInstanceOf(ConnectionError);
    expect(await failureOf(client.request({ ...get('/drip'), timeoutMs: 50 }))).toBeInstanceOf(ConnectionError);
    await peer.stop();
    expect(await failureOf(client.request(get('/')))).toBeInstanceOf(ConnectionError);
    // The connections of requests that were given up are closed, not kept half-open.
    await expect.poll(() => client.stats().open).toBe(0);
  });

  test('that is aborted rejects with the reason of its signal, on its way or waiting for a connection', async () => {
    const { client } = await peerWorld(() => {}, { connections: 1 });
    const controller = new AbortController();
    const sent = failureOf(client.request({ ...get('/a'), signal: controller.signal }));
    const waiting = failureOf(client.request({ ...get('/b'), signal: controller.signal }));
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 30);
    expect(await sent).toBe(reason);
    expect(await waiting).toBe(reason);
    expect(await failureOf(client.request({ ...get('/c'), signal: controller.signal }))).toBe(reason);
  });

  test('that waited for a connection until it may not be sent any more is not sent', async () => {
    const seen: (string | undefined)[] = [];
    const held: ServerResponse[] = [];
    const { client } = await peerWorld(
      (request, response) => {
        seen.push(request.url);
        held.push(response);
      },
      { connections: 1 },
    );
    const state = { open: true };
    const maySend = (): boolean => state.open;
    const sent = client.request({ ...get('/in-time'), maySend });
    const late = failureOf(client.request({ ...get('/late'), maySend }));
    await expect.poll(() => seen).toEqual(['/in-time']);
    state.open = false;
    for (const response of held) json(response, 200, 'done');
    expect((await sent).body).toBe('done');
    expect(await late).toBeInstanceOf(ConnectionError);
    expect(seen).toEqual(['/in-time']);
  });

  test('that meets a 401 is tried once more with credentials read anew, and only once', async () => {
    const seen: (string | undefined)[] = [];
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      seen.push(request.headers.authorization);
      if (request.headers.authorization === 'Bearer new') json(response, 200, {});
      else json(response, 401, { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' });
    };
    const rotated = await peerWorld(answer, { tokens: ['old', 'new'] });
    await rotated.client.request(get('/'));
    expect(seen).toEqual(['Bearer old', 'Bearer new']);

    const revoked = await peerWorld(answer, { tokens: ['old', 'older'] });
    expect(await failureOf(revoked.client.request(get('/')))).toMatchObject({ status: 401 });
    expect(revoked.access.reloads).toBe(1);
  });
});

test('a thousand requests at once open no more connections than the pool allows', async () => {
  let most = 0;
  const { client, peer } = await peerWorld(
    (_request, response) => {
      most = Math.max(most, peer.sockets.size);
      setTimeout(() => json(response, 200, {}), 1);
    },
    { connections: 4 },
  );
  await Promise.all(Array.from({ length: 1000 }, () => client.request(get('/'))));
  expect(most).toBeLessThanOrEqual(4);
  expect(client.stats().opened).toBe(4);
});

test('another TLS identity gets new connections, and the old ones end with their requests', async () => {
  const { client, access } = await peerWorld((_request, response) => setTimeout(() => json(response, 200, {}), 30));
  const answered = client.request(get('/slow'));
  await expect.poll(() => client.stats().opened).toBe(1);
  const { headers } = await access.credentials();
  const rotated = { headers, tls: { verify: true, cert: 'another' } };
  access.credentials = async () => rotated;
  await client.request(get('/new'));
  expect((await answered).status).toBe(200);
  expect(client.stats().opened).toBe(2);
  await expect.poll(() => client.stats().open).toBe(1);
  // No new connections for the same identity.
  await client.request(get('/again'));
  expect(client.stats().open).toBe(client.stats().opened - 1);
});

test('finished requests are told with their status, and with none where no answer came', async () => {
  const told: unknown[] = [];
  const { client, peer } = await peerWorld((_request, response) => json(response, 404, {}), {
    onResponse: ({ method, path, status }) => told.push([method, path, status]),
  });
  await failureOf(client.request(get('/a')));
  await peer.stop();
  await failureOf(client.request(get('/b')));
  expect(told).toEqual([
    ['GET', '/a', 404],
    ['GET', '/b', undefined],
  ]);
});

test('close ends what is under way and refuses what comes after', async () => {
  const { client, peer } = await peerWorld((request, response) => {
    if (request.url?.startsWith('/watch')) response.writeHead(200).write('{"n":1}\n');
  });
  const asked = failureOf(client.request(get('/')));
  const lines = client.watch({ path: '/watch', silenceMs: 60_000 })[Symbol.asyncIterator]();
  expect(await lines.next()).toMatchObject({ value: { n: 1 } });
  const next = failureOf(lines.next());
  await client.close();
  expect(await asked).toBeInstanceOf(ConnectionError);
  expect(await next).toBeInstanceOf(ConnectionError);
  expect(await failureOf(client.request(get('/')))).toBeInstanceOf(ConnectionError);
  await expect.poll(() => peer.sockets.size).toBe(0);
  expect(client.stats().open).toBe(0);
});
