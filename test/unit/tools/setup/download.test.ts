import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { download } from '../../../../tools/setup/download.mjs';

const BODY = Buffer.alloc(3_000_000, 'patchgen ');
const sha512 = createHash('sha512').update(BODY).digest('hex');

let dir: string;
let path: string;
let server: Server;
let asked: (string | undefined)[];
let cuts: number;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'patchgen-download-'));
  path = join(dir, 'archive');
  asked = [];
  cuts = 0;
  server = createServer((request, response) => {
    asked.push(request.headers.range);
    const from = Number(request.headers.range?.match(/\d+/)?.[0] ?? 0);
    if (from >= BODY.length) return void response.writeHead(416).end();
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': BODY.length - from });
    if (cuts-- <= 0) return void response.end(BODY.subarray(from));
    response.write(BODY.subarray(from, from + 1_000_000), () => setTimeout(() => response.destroy(), 50));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

async function get(digest = sha512): Promise<void> {
  const { port } = server.address() as AddressInfo;
  await download({ url: `http://127.0.0.1:${port}/archive`, path, sha512: digest, what: 'Fetching a test archive' });
}

test('a connection that breaks is taken up where it broke', async () => {
  cuts = 2;
  await get();
  expect(readFileSync(path).equals(BODY)).toBe(true);
  expect(asked).toHaveLength(3);
  expect(asked[0]).toBeUndefined();
  expect(asked[2]).toMatch(/^bytes=\d+-$/);
});

test('a file that another process began is finished, and a finished one is not fetched again', async () => {
  writeFileSync(path, BODY.subarray(0, 1_000_000));
  await get();
  await get();
  expect(readFileSync(path).equals(BODY)).toBe(true);
  expect(asked).toEqual(['bytes=1000000-', `bytes=${BODY.length}-`]);
});

test('a file with another digest is refused and removed', async () => {
  await expect(get('0'.repeat(128))).rejects.toThrow('SHA-512 is');
  expect(existsSync(path)).toBe(false);
});

test('a part that someone spoiled is noticed by the digest', async () => {
  writeFileSync(path, Buffer.alloc(1_000_000, 'evil'));
  await expect(get()).rejects.toThrow('SHA-512 is');
  await get();
  expect(readFileSync(path).equals(BODY)).toBe(true);
});

test('a server that is not there is told with its reason', async () => {
  const { port } = server.address() as AddressInfo;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const url = `http://127.0.0.1:${port}/archive`;
  await expect(download({ url, path, sha512, what: 'Fetching' })).rejects.toThrow(`${url}: ECONNREFUSED`);
});
