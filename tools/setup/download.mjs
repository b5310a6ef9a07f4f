// A file from the network, checked against a known digest before anyone uses it; goes on where an earlier try ended.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { progress } from './progress.mjs';

const ANSWER_MS = 8000;
const SILENCE_MS = 20_000;
const MB = 1024 * 1024;

/**
 * Resolves when `path` holds the file. Throws a one-line reason: no answer within 8 s, 20 s of silence, or a wrong digest
 * (the file is removed then).
 * @param {{ url: string, path: string, sha512: string, what: string }} options
 */
export async function download({ url, path, sha512, what }) {
  mkdirSync(dirname(path), { recursive: true });
  const shown = progress(what);
  try {
    await fetchAll(url, path, shown);
    const found = await digest(path);
    if (found !== sha512) {
      rmSync(path, { force: true });
      throw new Error(`SHA-512 is ${found.slice(0, 16)}…, expected ${sha512.slice(0, 16)}…`);
    }
    shown.done();
  } catch (error) {
    const reason = reasonOf(error);
    shown.done(`not possible, ${reason}`);
    throw new Error(`${url}: ${reason}`, { cause: error });
  }
}

/** A connection that breaks in the middle is taken up again, as long as each brings the file further. */
async function fetchAll(url, path, shown) {
  const size = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  for (;;) {
    const before = size();
    try {
      return await fetchRest(url, path, shown);
    } catch (error) {
      if (size() <= before) throw error;
    }
  }
}

async function fetchRest(url, path, shown) {
  const have = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  try {
    const answer = await fetch(url, { signal: abort.signal, headers: have > 0 ? { range: `bytes=${have}-` } : {} });
    if (answer.status === 416) return; // Nothing is missing; the digest tells whether it is right.
    if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
    const resumed = answer.status === 206;
    const total = Number(answer.headers.get('content-length') ?? 0) + (resumed ? have : 0);
    let received = resumed ? have : 0;
    const meter = new Transform({
      transform(chunk, _encoding, next) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(new Error(`silent for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
        received += chunk.length;
        shown.update(`${Math.floor(received / MB)}${total > 0 ? ` of ${Math.ceil(total / MB)}` : ''} MB`);
        next(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(answer.body), meter, createWriteStream(path, { flags: resumed ? 'a' : 'w' }));
  } finally {
    clearTimeout(timer);
  }
}

async function digest(path) {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** fetch says only "fetch failed"; the cause is what a person can act on. */
function reasonOf(error) {
  return error.cause?.code ?? error.cause?.message ?? error.message;
}
