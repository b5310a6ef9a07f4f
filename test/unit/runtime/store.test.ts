import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersions, keyOf, Store, type StoreChange } from '../../../src/runtime/store.ts';

interface Thing {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly target: string;
}

const thing = (name: string, uid: string, version: number, target = 'web', namespace = 'shop'): Thing => ({
  metadata: { name, namespace, uid, resourceVersion: String(version) },
  target,
});

const newStore = (): Store<Thing> => new Store({ target: (each) => [each.target] });
const told = (changes: readonly StoreChange<Thing>[]): readonly string[] =>
  changes.map((change) => `${change.type} ${change.key}`);

describe('upsert', () => {
  test('an object with another uid is told as the deletion of the old and the addition of the new', () => {
    const store = newStore();
    store.upsert(thing('a', 'one', 1));
    const changes = store.upsert(thing('a', 'two', 2));
    expect(told(changes)).toEqual(['deleted shop/a', 'added shop/a']);
    expect(changes[0]?.old?.metadata.uid).toBe('one');
    expect(changes[1]?.object?.metadata.uid).toBe('two');
  });

  test('an older version of the same object never replaces a newer one', () => {
    const store = newStore();
    store.upsert(thing('a', 'one', 10, 'new'));
    expect(store.upsert(thing('a', 'one', 9, 'old'))).toEqual([]);
    expect(store.get('shop/a')?.target).toBe('new');
  });

  test('the same version again is no change', () => {
    const store = newStore();
    store.upsert(thing('a', 'one', 10));
    expect(store.upsert(thing('a', 'one', 10))).toEqual([]);
  });
});

describe('replace', () => {
  test('what a list no longer has is told as deleted, the rest as added or updated', () => {
    const store = newStore();
    for (const name of ['gone', 'same', 'moved']) store.upsert(thing(name, name, 1));
    const changes = store.replace([thing('same', 'same', 1), thing('moved', 'moved', 2), thing('new', 'new', 3)]);
    expect(told(changes)).toEqual(['deleted shop/gone', 'updated shop/moved', 'added shop/new']);
  });

  test('a list of one namespace deletes nothing in another', () => {
    const store = newStore();
    store.upsert(thing('a', 'one', 1, 'web', 'shop'));
    store.upsert(thing('a', 'two', 2, 'web', 'bank'));
    expect(told(store.replace([], { namespace: 'shop' }))).toEqual(['deleted shop/a']);
    expect([...store.keys()]).toEqual(['bank/a']);
  });

  test('a key that is kept stays although no item has it', () => {
    const store = newStore();
    store.upsert(thing('a', 'one', 1));
    expect(store.replace([], { keep: new Set(['shop/a']) })).toEqual([]);
    expect(store.size).toBe(1);
  });

  test('after versions went back, the same version may hide another content and is told', () => {
    const store = newStore();
    store.upsert(thing('a', 'one', 5, 'before'));
    expect(store.replace([thing('a', 'one', 5, 'restored')])).toEqual([]);
    expect(told(store.replace([thing('a', 'one', 5, 'restored')], { rewound: true }))).toEqual(['updated shop/a']);
    expect(store.get('shop/a')?.target).toBe('restored');
  });
});

test('an index always gives what a search through all objects gives', () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    target: fc.constantFrom('web', 'api'),
    uid: fc.constantFrom('one', 'two'),
    what: fc.constantFrom('upsert', 'delete', 'replace'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = newStore();
      steps.forEach(({ name, target, uid, what }, at) => {
        const object = thing(name, uid, at + 1, target);
        if (what === 'upsert') store.upsert(object);
        else if (what === 'delete') store.delete(keyOf(object.metadata));
        else store.replace([object]);
        for (const value of ['web', 'api']) {
          const searched = store.list().filter((each) => each.target === value);
          expect(new Set(store.byIndex('target', value))).toEqual(new Set(searched));
        }
      });
    }),
  );
});

test('following the changes leads to the same objects as the store has', () => {
  const item = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    uid: fc.constantFrom('one', 'two'),
    version: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(item, { selector: (each) => each.name }), { maxLength: 10 }), (lists) => {
      const store = newStore();
      const followed = new Map<string, Thing>();
      for (const list of lists) {
        for (const change of store.replace(list.map(({ name, uid, version }) => thing(name, uid, version)))) {
          if (change.type === 'added') expect(followed.has(change.key)).toBe(false);
          else expect(followed.get(change.key)).toBe(change.old);
          if (change.object === undefined) followed.delete(change.key);
          else followed.set(change.key, change.object);
        }
        expect(followed).toEqual(new Map(store.list().map((each) => [keyOf(each.metadata), each])));
      }
    }),
  );
});

test('an index that was not declared is an error, not an empty answer', () => {
  expect(() => newStore().byIndex('owner', 'x')).toThrow(RangeError);
});

test('versions compare as the numbers they are, however long, and not at all where they are none', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 100n }), fc.bigInt({ min: 1n, max: 2n ** 100n }), (a, b) => {
      const expected = a < b ? -1 : a > b ? 1 : 0;
      expect(Math.sign(compareVersions(String(a), String(b)) ?? Number.NaN)).toBe(expected);
    }),
  );
  expect(compareVersions('abc', '5')).toBeUndefined();
  expect(compareVersions('05', '5')).toBeUndefined();
});
