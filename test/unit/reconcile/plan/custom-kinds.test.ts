import { describe, expect, test } from 'vitest';
import { refusal } from '../../../support/scripted-cluster.ts';
import {
  DEFINITION,
  DISCOVERY,
  definition,
  FLEET,
  FLEETS,
  fleet,
  fleetWorld,
  resource,
  served,
  signal,
  targetWorld,
} from '../../../support/target-world.ts';

describe('a custom kind', () => {
  test('is looked up once: then its targets are one request each', async () => {
    const { read, take } = targetWorld(fleetWorld);
    expect(await read(fleet)).toMatchObject({ state: 'found', replicas: 3, generation: 2, warnings: [] });
    expect(take()).toEqual([`GET ${DISCOVERY}`, `GET ${DEFINITION}`, `GET ${FLEET}/scale`, `GET ${FLEET}`]);
    await read(fleet);
    expect(take()).toEqual([`GET ${FLEET}/scale`]);
  });

  test('is looked up once for many who ask at the same time', async () => {
    const { targets, asked } = targetWorld(fleetWorld);
    const specs = Array.from({ length: 20 }, (_, i) => ({ ...fleet, target: `web-${i}` }));
    await Promise.all(specs.map((spec) => targets.read(spec, signal)));
    const count = (line: string) => asked.filter((one) => one === line).length;
    expect([count(`GET ${DISCOVERY}`), count(`GET ${DEFINITION}`)]).toEqual([1, 1]);
  });

  test('stays looked up for one who waits when another gives up', async () => {
    const held: { answer?: (body: object) => void } = {};
    const { targets, asked } = targetWorld({
      ...fleetWorld,
      [`GET ${DISCOVERY}`]: () => new Promise((resolve) => void (held.answer = resolve)),
    });
    const impatient = new AbortController();
    const [one, other] = [targets.read(fleet, impatient.signal), targets.read(fleet, signal)];
    impatient.abort(new Error('enough'));
    await expect(one).rejects.toThrow('enough');
    held.answer?.(served(...FLEETS));
    expect(await other).toMatchObject({ state: 'found' });
    expect(asked.filter((line) => line === `GET ${DISCOVERY}`)).toHaveLength(1);
  });

  test('whose lookup fails is looked up anew by the next one', async () => {
    let broken = true;
    const answer = () => {
      if (broken) throw refusal(503, 'down');
      return served(...FLEETS);
    };
    const { read } = targetWorld({ ...fleetWorld, [`GET ${DISCOVERY}`]: answer });
    await expect(read(fleet)).rejects.toMatchObject({ status: 503 });
    broken = false;
    expect(await read(fleet)).toMatchObject({ state: 'found' });
  });

  test('that the cluster does not serve has no targets there; it is asked for again after half a minute', async () => {
    let installed = false;
    const answer = () => {
      if (!installed) throw refusal(404, 'no');
      return served(...FLEETS);
    };
    const { read, take, clock } = targetWorld({ ...fleetWorld, [`GET ${DISCOVERY}`]: answer });
    expect(await read(fleet)).toEqual({ state: 'missing', notServed: true });
    take();
    installed = true;
    expect(await read(fleet)).toEqual({ state: 'missing', notServed: true });
    expect(take()).toEqual([]);
    await clock.advance(30_000);
    expect(await read(fleet)).toMatchObject({ state: 'found' });
  });

  test('that came to an API version known before is found within half a minute', async () => {
    const list = [resource('ships', 'Ship')];
    const { read, take, clock } = targetWorld({ ...fleetWorld, [`GET ${DISCOVERY}`]: () => served(...list) });
    expect(await read(fleet)).toEqual({ state: 'missing', notServed: true });
    await clock.advance(30_000);
    list.push(...FLEETS);
    take();
    expect(await read(fleet)).toMatchObject({ state: 'found' });
    await clock.advance(60_000);
    take();
    await Promise.all([read({ ...fleet, targetKind: 'Boat' }), read({ ...fleet, targetKind: 'Raft' })]);
    expect(take()).toEqual([`GET ${DISCOVERY}`]);
  });

  test('that went away while its lookup still held is noticed by the targets that are missing', async () => {
    let list: readonly object[] = FLEETS;
    const answers = { ...fleetWorld, [`GET ${DISCOVERY}`]: () => served(...list) };
    const { read, clock } = targetWorld({
      ...answers,
      [`GET ${FLEET}/scale`]: () => Promise.reject(refusal(404, 'gone')),
    });
    expect(await read(fleet)).toEqual({ state: 'missing' });
    await clock.advance(30_000);
    list = [resource('fleets', 'Fleet')];
    await expect(read(fleet)).rejects.toMatchObject({ reason: 'UnsupportedTargetKind' });
    await clock.advance(30_000);
    list = [];
    expect(await read(fleet)).toEqual({ state: 'missing', notServed: true });
  });

  test('without a number is there, but how many it has is not known', async () => {
    const message = 'Internal error occurred: the spec replicas field ".spec.replicas" does not exist';
    const { read } = targetWorld({
      ...fleetWorld,
      [`GET ${FLEET}/scale`]: () => Promise.reject(refusal(500, message)),
    });
    expect(await read(fleet)).toEqual({ state: 'unreadable', why: expect.stringContaining('has no .spec.replicas') });
  });

  test('whose definition the server does not hand out now is no base', async () => {
    const { read } = targetWorld({ ...fleetWorld, [`GET ${DEFINITION}`]: () => Promise.reject(refusal(503, 'down')) });
    await expect(read(fleet)).rejects.toMatchObject({ status: 503 });
  });

  test('that no definition describes is read, with a warning', async () => {
    const { [`GET ${DEFINITION}`]: _, ...answers } = fleetWorld;
    expect(await targetWorld(answers).read(fleet)).toMatchObject({
      state: 'found',
      warnings: [expect.stringContaining('no CustomResourceDefinition fleets.example.dev tells')],
    });
  });
});

describe('what is in doubt about a custom kind is told also', () => {
  const doubt = [expect.stringContaining('no CustomResourceDefinition fleets.example.dev tells')];
  const { [`GET ${DEFINITION}`]: _, ...undefinedFleet } = fleetWorld;
  const refusing = (status: number, message: string) => ({
    ...undefinedFleet,
    [`GET ${FLEET}/scale`]: () => Promise.reject(refusal(status, message)),
  });

  test.each([
    ['a target whose scale may not be read', 403, 'no', 'unreadable'],
    ['a target without a number', 500, 'the spec replicas field ".spec.replicas" does not exist', 'unreadable'],
    ['a target that is missing', 404, 'not found', 'missing'],
  ])('of %s', async (_name, status, message, state) => {
    expect(await targetWorld(refusing(status, message)).read(fleet)).toMatchObject({ state, warnings: doubt });
  });

  test('of a target that goes while it is read', async () => {
    const { [`GET ${FLEET}`]: _gone, ...answers } = undefinedFleet;
    expect(await targetWorld(answers).read(fleet)).toMatchObject({ state: 'missing', warnings: doubt });
  });
});

describe('a kind that scaling does not work on is Rejected', () => {
  const rejected = (message: RegExp) => ({
    class: 'Rejected',
    reason: 'UnsupportedTargetKind',
    message: expect.stringMatching(message),
  });

  test('without a scale subresource, in words that name the kinds of its API version that have one, and promise nothing of them', async () => {
    const list = served(resource('fleets', 'Fleet'), resource('ships', 'Ship'), resource('ships/scale', 'Scale'));
    await expect(targetWorld({ [`GET ${DISCOVERY}`]: list }).read(fleet)).rejects.toMatchObject(
      rejected(
        /^scaling does not work on "example.dev\/v1 Fleet": it has no scale subresource; kinds of example.dev\/v1 that have one in a namespace: Ship$/,
      ),
    );
  });

  test('and where none has one, the words say so', async () => {
    const list = served(resource('fleets', 'Fleet'));
    await expect(targetWorld({ [`GET ${DISCOVERY}`]: list }).read(fleet)).rejects.toMatchObject(
      rejected(/, and no kind of example.dev\/v1 in a namespace has a scale subresource$/),
    );
  });

  test('and the words stay short where many have one', async () => {
    const many = Array.from({ length: 50 }, (_, i) => [
      resource(`k${i}`, `Kind${i}`),
      resource(`k${i}/scale`, 'Scale'),
    ]);
    const list = served(resource('fleets', 'Fleet'), ...many.flat());
    await expect(targetWorld({ [`GET ${DISCOVERY}`]: list }).read(fleet)).rejects.toMatchObject(
      rejected(/^.{1,300} and 40 more$/),
    );
  });

  test('where its objects are in no namespace', async () => {
    const list = served(resource('fleets', 'Fleet', false), resource('fleets/scale', 'Scale', false));
    await expect(targetWorld({ [`GET ${DISCOVERY}`]: list }).read(fleet)).rejects.toMatchObject(
      rejected(/no namespace/),
    );
  });

  test('where its scale is another field, and soon no longer when that is mended', async () => {
    let path = '.spec.size';
    const { read, clock } = targetWorld({ ...fleetWorld, [`GET ${DEFINITION}`]: () => definition(path) });
    await expect(read(fleet)).rejects.toMatchObject(
      rejected(/scaled by "\.spec\.size", and packages set \.spec\.replicas/),
    );
    path = '.spec.replicas';
    await clock.advance(30_000);
    expect(await read(fleet)).toMatchObject({ state: 'found' });
  });
});
