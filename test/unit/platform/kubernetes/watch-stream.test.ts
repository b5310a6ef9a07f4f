import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import {
  ApiError,
  ConnectionError,
  DecodeError,
  SilentConnectionError,
} from '../../../../src/platform/kubernetes/client.ts';
import type { HttpKubeClient } from '../../../../src/platform/kubernetes/http-client.ts';
import { ManualClock } from '../../../support/clock.ts';
import { peerWorld } from '../../../support/http-peer.ts';

async function drained(client: HttpKubeClient, signal?: AbortSignal): Promise<{ lines: unknown[]; error: unknown }> {
  const lines: unknown[] = [];
  const watch = { path: '/things', query: { resourceVersion: '5' }, silenceMs: 60_000 };
  try {
    for await (const line of client.watch(signal === undefined ? watch : { ...watch, signal })) lines.push(line);
    return { lines, error: undefined };
  } catch (error) {
    return { lines, error };
  }
}

test('lines come in order, whole, however they were cut on the way, until the server ends the watch', async () => {
  let url: string | undefined;
  const { client, peer } = await peerWorld(async (request, response) => {
    url = request.url;
    response.writeHead(200);
    const bytes = Buffer.from(`{"n":1,"text":"größer 🦊"}\n{"n":2}\n{"n":3,"text":"${'x'.repeat(300_000)}"}\n`);
    for (const end of [20, 21, 22, 23, 24, 30, 200_000, bytes.length]) {
      const start = [0, 20, 21, 22, 23, 24, 30, 200_000][[20, 21, 22, 23, 24, 30, 200_000, bytes.length].indexOf(end)];
      response.write(bytes.subarray(start, end));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    response.end();
  });
  const { lines, error } = await drained(client);
  expect(error).toBeUndefined();
  expect(lines).toEqual([{ n: 1, text: 'größer 🦊' }, { n: 2 }, { n: 3, text: 'x'.repeat(300_000) }]);
  expect(url).toBe('/things?resourceVersion=5&watch=true');
  await expect.poll(() => peer.sockets.size).toBe(0);
});

test('what came before a cut is yielded before the error', async () => {
  const { client } = await peerWorld((_request, response) => {
    response.writeHead(200).write('{"n":1}\n{"n":2}\n{"n":');
    setTimeout(() => response.destroy(), 20);
  });
  const { lines, error } = await drained(client);
  expect(lines).toEqual([{ n: 1 }, { n: 2 }]);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).not.toBeInstanceOf(SilentConnectionError);
});

test.each([
  ['that is no JSON', '{"n":1}\n{"secret": hunter2\n{"n":3}\n'],
  ['that ends in its middle', '{"n":1}\n{"secret": "hunter2"'],
])('a line %s is a DecodeError that does not quote it, and the connection is closed', async (_name, text) => {
  const { client, peer } = await peerWorld((_request, response) => {
    response.writeHead(200);
    response.end(text);
  });
  const { lines, error } = await drained(client);
  expect(lines).toEqual([{ n: 1 }]);
  expect(error).toBeInstanceOf(DecodeError);
  expect(String(error)).not.toContain('hunter2');
  await expect.poll(() => peer.sockets.size).toBe(0);
});

test('an answer other than 200 is an ApiError with the Status of the server', async () => {
  const { client, peer } = await peerWorld((_request, response) => {
    response.writeHead(410, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', reason: 'Expired', message: 'too old' }));
  });
  const { error } = await drained(client);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 410, reason: 'Expired', message: 'too old' });
  await expect.poll(() => peer.sockets.size).toBe(0);
});

test('a 401 is met with credentials read anew, once', async () => {
  const { client } = await peerWorld(
    (request, response) => {
      const allowed = request.headers.authorization === 'Bearer new';
      response.writeHead(allowed ? 200 : 401).end(allowed ? '{"n":1}\n' : '');
    },
    { tokens: ['old', 'new'] },
  );
  expect(await drained(client)).toEqual({ lines: [{ n: 1 }], error: undefined });
});

test.each([
  ['before the first byte', (_request: IncomingMessage, _response: ServerResponse): void => {}],
  [
    'after an event',
    (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(200).write('{"n":1}\n'),
  ],
])('silence %s ends the watch after its time, and the connection with it', async (_name, answer) => {
  const clock = new ManualClock();
  const { client, peer } = await peerWorld(answer, { clock });
  const end = drained(client);
  await expect.poll(() => peer.sockets.size).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await clock.advance(59_000);
  expect(peer.sockets.size).toBe(1);
  await clock.advance(1000);
  expect((await end).error).toBeInstanceOf(SilentConnectionError);
  await expect.poll(() => peer.sockets.size).toBe(0);
});

test('a watch whose reader is slow holds a bounded amount and is not taken for silent', async () => {
  const clock = new ManualClock();
  const line = `${JSON.stringify({ text: 'x'.repeat(10_000) })}\n`;
  let sent = 0;
  const { client, peer } = await peerWorld(
    (_request, response) => {
      response.writeHead(200);
      const write = (): void => {
        while (sent < 5000) {
          sent += 1;
          if (!response.write(line)) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    },
    { clock },
  );
  const lines = client.watch({ path: '/things', silenceMs: 1000 })[Symbol.asyncIterator]();
  await lines.next();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(sent).toBeLessThan(5000);
  await clock.advance(10_000);
  let read = 1;
  while (!(await lines.next()).done) read += 1;
  expect(read).toBe(5000);
  await expect.poll(() => peer.sockets.size).toBe(0);
});

test('an aborted watch rejects with the reason of its signal and leaves no connection', async () => {
  const { client, peer } = await peerWorld((_request, response) => void response.writeHead(200).write('{"n":1}\n'));
  const controller = new AbortController();
  const end = drained(client, controller.signal);
  await expect.poll(() => peer.sockets.size).toBe(1);
  const reason = new Error('enough');
  controller.abort(reason);
  expect((await end).error).toBe(reason);
  await expect.poll(() => peer.sockets.size).toBe(0);
});

test('a reader that leaves the loop closes the connection', async () => {
  const { client, peer } = await peerWorld((_request, response) => void response.writeHead(200).write('{"n":1}\n'));
  for await (const line of client.watch({ path: '/things', silenceMs: 60_000 })) {
    expect(line).toEqual({ n: 1 });
    break;
  }
  await expect.poll(() => peer.sockets.size).toBe(0);
  expect(client.stats()).toEqual({ opened: 1, open: 0 });
});
