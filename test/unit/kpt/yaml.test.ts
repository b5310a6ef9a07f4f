import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { yamlDocument, yamlString } from '../../../src/kpt/yaml.ts';

/** Both readers, and the older version of YAML that many tools still speak. */
function readings(text: string): readonly unknown[] {
  return [load(text), parse(text, { version: '1.2' }), parse(text, { version: '1.1' })];
}

const TRAPS =
  'on On ON off no NO yes y Y n N true TRUE false null Null ~ 010 0x1f 0b11 0o17 1e3 1E3 e2 E2 e-1 e1_0 .5 5. +1 -1 1_000 .inf .nan ' +
  '2001-01-01 2001-12-14t21:59:43Z 1:30 190:20:30 - -- --- ... ? : # & * ! | > % @ ` " \' { [ , << = a:b a: #a';
const words = [
  ...TRAPS.split(' '),
  '',
  ' ',
  'a #b',
  'a: b',
  '\n',
  'a\nb',
  '\t',
  '\u0000',
  '\u0085',
  '\u2028',
  '\ufeff',
  '→',
];

describe('yamlString', () => {
  test.each(words.map((word) => [JSON.stringify(word), word]))('%s reads back as that very text', (_, word) => {
    for (const value of readings(`k: ${yamlString(word)}\n`)) expect(value).toEqual({ k: word });
    for (const value of readings(`- ${yamlString(word)}\n`)) expect(value).toEqual([word]);
  });

  test('every well-formed text reads back as that very text, as value and as key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const key = text === '__proto__' ? 'proto' : text;
        for (const value of readings(`${yamlString(key)}: ${yamlString(text)}\n`))
          expect(value).toEqual({ [key]: text });
      }),
    );
  });

  test('every short name reads back as that very text', () => {
    const all = [...'abcdefghijklmnopqrstuvwxyz0123456789-'];
    const risky = [...'abefinostuxy0178-'];
    const pairs = all.flatMap((a) => all.map((b) => a + b));
    const triples = risky.flatMap((a) => risky.flatMap((b) => risky.map((c) => a + b + c)));
    const names = [...all, ...pairs, ...triples].filter((name) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name));
    const text = names.map((name) => `- ${yamlString(name)}\n`).join('');
    for (const value of readings(text)) expect(value).toEqual(names);
  });

  test('names that mean only themselves stay plain', () => {
    expect([yamlString('web'), yamlString('apps/v1'), yamlString('scaling-patch.yaml')]).toEqual([
      'web',
      'apps/v1',
      'scaling-patch.yaml',
    ]);
  });
});

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.constantFrom(...words),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'on', '1', 'c d', ''), tie('value'), { maxKeys: 3 }),
  ),
}));

describe('yamlDocument', () => {
  test('every plain value reads back as itself', () => {
    fc.assert(
      fc.property(value, (member) => {
        const expected: unknown = JSON.parse(JSON.stringify({ member }));
        for (const read of readings(yamlDocument({ member }))) expect(read).toEqual(expected);
      }),
    );
  });

  test('looks as people write Kubernetes objects', () => {
    const patch = {
      spec: { replicas: 5 },
      metadata: { namespace: 'on', name: '010' },
      kind: 'Deployment',
      apiVersion: 'apps/v1',
    };
    expect(yamlDocument(patch)).toBe(
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: "010"\n  namespace: "on"\nspec:\n  replicas: 5\n',
    );
  });

  test.each([
    ['a fraction', 1.5],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a Date', new Date(0)],
    ['half of a surrogate pair', '\udfff'],
  ])('%s is refused with MarshalFailed', (_, member) => {
    expect(() => yamlDocument({ member })).toThrow(/^failed to marshal /);
  });
});
