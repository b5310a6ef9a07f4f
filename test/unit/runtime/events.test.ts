import { describe, expect, test } from 'vitest';
import {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  ConnectionError,
  type KubeClient,
} from '../../../src/platform/kubernetes/client.ts';
import { type Log, silentLog } from '../../../src/platform/log.ts';
import { type EmittedEvent, type EventOptions, startEvents } from '../../../src/runtime/events.ts';
import { ManualClock, settle } from '../../support/clock.ts';
import { seededRandom } from '../../support/random.ts';

type Answer = (request: ApiRequest) => Promise<void> | void;

function setUp(options: Partial<EventOptions> = {}) {
  const clock = new ManualClock();
  const requests: ApiRequest[] = [];
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const peer: { answer: Answer } = { answer: () => {} };
  const client: KubeClient = {
    request: async <T>(request: ApiRequest): Promise<ApiResponse<T>> => {
      requests.push(request);
      await peer.answer(request);
      return { status: 200, body: {} as T, warnings: [] };
    },
    watch: () => {
      throw new Error('nobody watches here');
    },
    close: () => Promise.resolve(),
  };
  const recorder = startEvents({
    client,
    reportingController: 'patchgen.dev/controller',
    reportingInstance: 'patchgen-0',
    clock,
    random: seededRandom(11),
    log: silentLog,
    metrics: {
      sent: () => count('sent'),
      aggregated: () => count('aggregated'),
      dropped: (why) => count(`dropped ${why}`),
    },
    ...options,
  });
  return { clock, recorder, requests, counts, peer };
}

const event = (name: string, more: Partial<EmittedEvent> = {}): EmittedEvent => ({
  regarding: { apiVersion: 'patchgen.dev/v1alpha1', kind: 'PatchIntent', namespace: 'shop', name, uid: `uid-${name}` },
  type: 'Normal',
  reason: 'PackageWritten',
  action: 'Publish',
  note: 'replicas → 5',
  ...more,
});

const forbidden = (): never => {
  throw new ApiError(403, 'Forbidden', 'no');
};
const unavailable = (): never => {
  throw new ConnectionError('refused');
};
const bodies = (requests: readonly ApiRequest[]): Record<string, unknown>[] =>
  requests.map(({ body }) => body as Record<string, unknown>);

describe('one event', () => {
  test('it is created beside its object with all that the API demands', async () => {
    const { recorder, requests, counts } = setUp();
    recorder.emit(event('web'));
    await settle();
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/apis/events.k8s.io/v1/namespaces/shop/events',
        body: {
          metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/), namespace: 'shop' },
          eventTime: '2026-01-01T00:00:00.000000Z',
          reportingController: 'patchgen.dev/controller',
          reportingInstance: 'patchgen-0',
          regarding: event('web').regarding,
          type: 'Normal',
          reason: 'PackageWritten',
          action: 'Publish',
          note: 'replicas → 5',
        },
      },
    ]);
    expect(bodies(requests)[0]).not.toHaveProperty('series');
    expect(counts).toEqual({ sent: 1 });
  });

  test('names are unique, and fit where the name of the object fills the limit', async () => {
    const { recorder, requests } = setUp();
    const long = `${'a'.repeat(235)}-${'b'.repeat(17)}`;
    for (let n = 0; n < 5; n += 1) recorder.emit(event(long, { note: `${n}` }));
    await settle(10);
    const names = bodies(requests).map((body) => (body['metadata'] as { name: string }).name);
    expect(new Set(names).size).toBe(5);
    for (const name of names) expect(name).toMatch(/^a{235}\.[0-9a-f]{16}$/);
  });

  test('a long note is cut to 1,024 bytes between two characters', async () => {
    const { recorder, requests } = setUp();
    for (const [n, sign] of ['x', 'ä', '→', '😀'].entries())
      recorder.emit(event(`web-${n}`, { note: `${n}:${sign.repeat(1100)}` }));
    recorder.emit(event('lone', { note: 'a lone \ud800 surrogate' }));
    await settle(12);
    const notes = bodies(requests).map((body) => body['note'] as string);
    for (const note of notes.slice(0, 4)) {
      expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
      expect(Buffer.byteLength(note)).toBeGreaterThan(1016);
      expect(note).toMatch(/^\d:(x+|ä+|→+|(😀)+)…$/u);
    }
    expect(notes[4]).toBe('a lone \ufffd surrogate');
  });

  test('an event about an object without a namespace goes to default', async () => {
    const { recorder, requests } = setUp();
    recorder.emit(event('x', { regarding: { apiVersion: 'v1', kind: 'Node', name: 'node' } }));
    await settle();
    expect(requests[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/default/events');
  });
});

describe('series', () => {
  test('a second equal event becomes a series of the first, told at once', async () => {
    const { clock, recorder, requests, counts } = setUp();
    recorder.emit(event('web'));
    await clock.advance(1500);
    recorder.emit(event('web'));
    await settle();
    const [created] = bodies(requests) as unknown as { metadata: { name: string } }[];
    expect(requests.slice(1)).toMatchObject([
      {
        method: 'PATCH',
        path: `/apis/events.k8s.io/v1/namespaces/shop/events/${created?.metadata.name}`,
        body: { series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.500000Z' } },
      },
    ]);
    expect(counts).toEqual({ sent: 2, aggregated: 1 });
  });

  test('a thousand equal events make a handful of requests, and the last one tells the whole count', async () => {
    const { clock, recorder, requests } = setUp();
    for (let n = 0; n < 1000; n += 1) {
      recorder.emit(event('web'));
      await clock.advance(1000);
    }
    await clock.advance(600_000);
    expect(requests.length).toBeLessThan(8);
    expect(bodies(requests).at(-1)).toMatchObject({ series: { count: 1000 } });
    expect(clock.pending).toBe(0);
  });

  test('events that differ in object, type, reason, action or note are events of their own', async () => {
    const { recorder, requests } = setUp();
    recorder.emit(event('web'));
    recorder.emit(event('api'));
    recorder.emit(event('web', { type: 'Warning' }));
    recorder.emit(event('web', { reason: 'StorageFull' }));
    recorder.emit(event('web', { action: 'Verify' }));
    recorder.emit(event('web', { note: 'replicas → 6' }));
    recorder.emit(event('web', { regarding: { ...event('web').regarding, uid: 'uid of another life' } }));
    await settle(12);
    expect(requests.map(({ method }) => method)).toEqual(Array.from({ length: 7 }, () => 'POST'));
  });

  test('a repetition before the first request went out is created with its series', async () => {
    const { recorder, requests } = setUp();
    recorder.emit(event('web'));
    recorder.emit(event('web'));
    recorder.emit(event('web'));
    await settle();
    expect(bodies(requests)).toMatchObject([{ series: { count: 3 } }]);
  });

  test('an equal event after six quiet minutes is a new one', async () => {
    const { clock, recorder, requests } = setUp();
    recorder.emit(event('other'));
    await clock.advance(30_000);
    recorder.emit(event('web'));
    await clock.advance(360_000);
    recorder.emit(event('web'));
    await settle();
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
  });

  test('a series whose Event expired on the server goes on as a new Event', async () => {
    const { recorder, requests, peer } = setUp();
    recorder.emit(event('web'));
    await settle();
    peer.answer = ({ method }) => {
      if (method === 'PATCH') throw new ApiError(404, 'NotFound', 'gone');
    };
    recorder.emit(event('web'));
    await settle();
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
    expect(bodies(requests)[2]).toMatchObject({ series: { count: 2 } });
  });
});

describe('pace', () => {
  test('of thousands of changes at once a burst is told and the rest dropped and counted, not queued', async () => {
    const { clock, recorder, requests, counts } = setUp();
    for (let n = 0; n < 5000; n += 1) recorder.emit(event(`web-${n}`));
    await clock.advance(60_000);
    expect(requests.length).toBe(25);
    expect(counts).toEqual({ sent: 25, 'dropped rate': 4975 });
  });

  test('in the long run a reason gets five events per second', async () => {
    const { clock, recorder, requests } = setUp();
    for (let second = 0; second < 100; second += 1) {
      for (let n = 0; n < 50; n += 1) recorder.emit(event(`web-${second}-${n}`));
      await clock.advance(1000);
    }
    expect(requests.length).toBeGreaterThanOrEqual(500);
    expect(requests.length).toBeLessThanOrEqual(525);
  });

  test('a storm of one reason takes nothing from another', async () => {
    const { recorder, requests } = setUp();
    for (let n = 0; n < 1000; n += 1) recorder.emit(event(`web-${n}`));
    recorder.emit(event('web', { type: 'Warning', reason: 'StorageFull', note: 'no space' }));
    await settle(40);
    expect(bodies(requests).filter((body) => body['reason'] === 'StorageFull').length).toBe(1);
  });

  test('one restless object takes little from the others', async () => {
    const { clock, recorder, requests } = setUp();
    for (let second = 0; second < 60; second += 1) {
      for (let n = 0; n < 100; n += 1) recorder.emit(event('restless', { note: `replicas → ${second * 100 + n}` }));
      if (second > 10) recorder.emit(event(`quiet-${second}`));
      await clock.advance(1000);
    }
    const about = (name: string): number =>
      bodies(requests).filter((body) => (body['regarding'] as { name: string }).name.startsWith(name)).length;
    expect(about('restless')).toBeLessThanOrEqual(31);
    expect(about('quiet')).toBe(49);
  });

  test('an event that was paced away is told when it comes again later', async () => {
    const { clock, recorder, counts } = setUp();
    for (let n = 0; n < 26; n += 1) recorder.emit(event(`web-${n}`));
    await clock.advance(1000);
    recorder.emit(event('web-25'));
    await settle();
    expect(counts).toEqual({ sent: 26, 'dropped rate': 1 });
  });

  test('a thousand objects that fail for an hour make a few requests each', async () => {
    const { clock, recorder, requests } = setUp();
    const failure = { type: 'Warning', reason: 'StorageFull', note: 'no space' } as const;
    for (let minute = 0; minute < 60; minute += 1) {
      for (let n = 0; n < 1000; n += 1) recorder.emit(event(`web-${n}`, failure));
      await clock.advance(60_000);
    }
    expect(requests.length).toBeLessThan(5000);
  }, 60_000);
});

describe('trouble', () => {
  test('while the server hangs emit returns, and the queue keeps the newest', async () => {
    const { clock, recorder, requests, counts, peer } = setUp({ capacity: 10, burst: 1000 });
    const { promise, resolve } = Promise.withResolvers<void>();
    peer.answer = () => promise;
    for (let n = 0; n < 100; n += 1) recorder.emit(event(`web-${n}`));
    await settle();
    for (let n = 100; n < 120; n += 1) recorder.emit(event(`web-${n}`));
    expect(requests.length).toBe(1);
    resolve();
    await clock.advance(1000);
    const told = bodies(requests).map((body) => (body['regarding'] as { name: string }).name);
    expect(told.slice(1)).toEqual(Array.from({ length: 10 }, (_, n) => `web-${110 + n}`));
    expect(counts['dropped queue']).toBe(109);
  });

  test('an outage is retried a little with growing pauses, then the event is dropped with a count', async () => {
    const { clock, recorder, requests, counts, peer } = setUp();
    peer.answer = unavailable;
    recorder.emit(event('web'));
    await settle();
    expect(requests.length).toBe(1);
    await clock.advance(60_000);
    expect(requests.length).toBe(3);
    expect(counts).toEqual({ 'dropped unavailable': 1 });
    expect(new Set(bodies(requests).map((body) => (body['metadata'] as { name: string }).name)).size).toBe(1);
  });

  test('the server may ask for a longer pause', async () => {
    const { clock, recorder, requests, counts, peer } = setUp();
    peer.answer = () => {
      if (requests.length < 2) throw new ApiError(429, 'TooManyRequests', 'slow down', { retryAfterMs: 7000 });
    };
    recorder.emit(event('web'));
    await clock.advance(6900);
    expect(requests.length).toBe(1);
    await clock.advance(200);
    expect(counts).toEqual({ sent: 1 });
  });

  test('an answer that got lost makes no second event', async () => {
    const { clock, recorder, counts, peer, requests } = setUp();
    peer.answer = () => {
      if (requests.length === 1) unavailable();
      throw new ApiError(409, 'AlreadyExists', 'there is one');
    };
    recorder.emit(event('web'));
    await clock.advance(5000);
    expect(requests.length).toBe(2);
    expect(counts).toEqual({ sent: 1 });
  });

  test.each([
    [403, 'forbidden'],
    [404, 'gone'],
    [422, 'rejected'],
    [400, 'rejected'],
  ])('a %d is final: one request, one count, and the next event is sent', async (status, why) => {
    const { clock, recorder, requests, counts, peer } = setUp();
    peer.answer = () => {
      if (requests.length === 1) throw new ApiError(status, 'Whatever', 'no');
    };
    recorder.emit(event('web'));
    recorder.emit(event('api'));
    await clock.advance(60_000);
    expect(requests.length).toBe(2);
    expect(counts).toEqual({ [`dropped ${why}`]: 1, sent: 1 });
  });

  test('missing rights are said once in the log, and again after they were there', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_, message) => warnings.push(message) };
    const { recorder, peer } = setUp({ log });
    peer.answer = forbidden;
    for (let n = 0; n < 5; n += 1) recorder.emit(event(`web-${n}`));
    await settle(10);
    expect(warnings).toEqual(['event dropped']);
    peer.answer = () => {};
    recorder.emit(event('fine'));
    await settle();
    peer.answer = forbidden;
    recorder.emit(event('again'));
    await settle();
    expect(warnings.length).toBe(2);
  });

  test('a refused event is not remembered: when it comes again it is tried again', async () => {
    const { recorder, requests, peer } = setUp();
    peer.answer = forbidden;
    recorder.emit(event('web'));
    await settle();
    peer.answer = () => {};
    recorder.emit(event('web'));
    await settle();
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
  });
});

describe('end', () => {
  test('flush resolves when everything is told, the counts of series included', async () => {
    const { recorder, requests } = setUp();
    recorder.emit(event('web'));
    await settle();
    for (let n = 0; n < 9; n += 1) recorder.emit(event('web'));
    recorder.emit(event('api'));
    await recorder.flush(5000);
    expect(bodies(requests).find((body) => (body['series'] as { count?: number })?.count === 10)).toBeDefined();
    expect(requests.filter(({ method }) => method === 'POST').length).toBe(2);
  });

  test('a flush while the request is under way tells nothing twice', async () => {
    const { recorder, requests, peer } = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    peer.answer = () => promise;
    recorder.emit(event('web'));
    await settle();
    const flushed = recorder.flush(5000);
    resolve();
    await flushed;
    expect(requests.length).toBe(1);
  });

  test('flush with nothing to tell resolves at once, and against a hanging server after its time', async () => {
    const { clock, recorder, peer } = setUp();
    await recorder.flush(5000);
    peer.answer = () => new Promise(() => {});
    recorder.emit(event('web'));
    let over = false;
    void recorder.flush(5000).then(() => {
      over = true;
    });
    await clock.advance(4999);
    expect(over).toBe(false);
    await clock.advance(1);
    expect(over).toBe(true);
  });

  test('after a stop nothing is sent, what waited is counted, and no timer is left', async () => {
    const { clock, recorder, requests, counts, peer } = setUp();
    peer.answer = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new ConnectionError('aborted'))));
    for (let n = 0; n < 5; n += 1) recorder.emit(event(`web-${n}`));
    await settle();
    await recorder.stop();
    recorder.emit(event('late'));
    await clock.advance(600_000);
    expect(requests.length).toBe(1);
    expect(counts).toEqual({ 'dropped stopped': 5 });
    expect(clock.pending).toBe(0);
  });

  test('memory is bounded, however many objects there are', async () => {
    const { clock, recorder, requests } = setUp({ capacity: 20, burst: 10_000, perSecond: 10_000 });
    for (let n = 0; n < 200; n += 1) {
      recorder.emit(event(`web-${n}`));
      await clock.advance(10);
    }
    // The oldest were forgotten: an equal event is a new one; the youngest are still known.
    recorder.emit(event('web-0'));
    recorder.emit(event('web-199'));
    await settle();
    expect(requests.slice(200).map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  });
});
