import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkName, checkSpec, describeFindings, reasonOf } from '../../../src/api/validate.ts';
import { compileSpecValidator } from '../../../tools/generate/validator.ts';

const GOOD = { intentType: 'scaling', target: 'web', replicas: 5 };
const TRAVERSAL = 'path traversal detected';

function said(spec: unknown): string {
  return describeFindings(checkSpec(spec));
}

function changed(more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...GOOD, ...more };
}

test.each<[string, unknown]>([
  ['the least', GOOD],
  ['0 replicas', changed({ replicas: 0 })],
  ['100 replicas', changed({ replicas: 100 })],
  ['a target of 253', changed({ target: 'a'.repeat(253) })],
  ['a namespace of 63', changed({ namespace: 'a'.repeat(63) })],
  ['a reason of 512 emoji', changed({ reason: '😀'.repeat(512) })],
  ['a kind that no one knows', changed({ targetKind: 'Widget', targetApiVersion: 'example.com/v1beta2' })],
])('a spec with %s has no findings', (_, spec) => {
  expect(checkSpec(spec)).toEqual([]);
});

test.each<[string, string, string, Record<string, unknown>]>([
  ['out-of-range', '/replicas', 'replicas out of range: 101 is not between 0 and 100', { replicas: 101 }],
  ['out-of-range', '/replicas', 'replicas out of range: -1 is not between 0 and 100', { replicas: -1 }],
  ['wrong-type', '/replicas', 'replicas must be an integer, not the number 2.5', { replicas: 2.5 }],
  ['wrong-type', '/replicas', 'replicas must be an integer, not the string "5"', { replicas: '5' }],
  ['wrong-type', '/replicas', 'replicas must be an integer, not null', { replicas: null }],
  [
    'required',
    '/replicas',
    "replicas is required when intent_type is 'scaling'; a missing value never counts as 0",
    { replicas: undefined },
  ],
  [
    'pattern-mismatch',
    '/target',
    'target does not match pattern ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$: "Web"',
    { target: 'Web' },
  ],
  ['too-long', '/target', 'target too long: 254 characters, at most 253', { target: 'a'.repeat(254) }],
  ['too-long', '/namespace', 'namespace too long: 64 characters, at most 63', { namespace: 'a'.repeat(64) }],
  ['unsupported-intent-type', '/intentType', 'intent_type must be \'scaling\', not "image"', { intentType: 'image' }],
  [
    'wrong-type',
    '/intentType',
    "intentType must be a string, not the number 5: intent_type must be 'scaling'",
    { intentType: 5 },
  ],
  [
    'pattern-mismatch',
    '/correlationId',
    'correlationId does not match pattern ^[a-zA-Z0-9_-]+$: "a b"',
    { correlationId: 'a b' },
  ],
  ['too-long', '/reason', 'reason too long: 513 characters, at most 512', { reason: '😀'.repeat(513) }],
  ['wrong-type', '/suspend', 'suspend must be a boolean, not the string "yes"', { suspend: 'yes' }],
  ['unknown-field', '/replica', 'unknown field "replica" (did you mean replicas?)', { replica: 1 }],
  [
    'unknown-field',
    '/correlation_id',
    'unknown field "correlation_id" (did you mean correlationId?)',
    { correlation_id: 'x' },
  ],
  ['unknown-field', '/a~1b~0c', 'unknown field "a/b~c"', { 'a/b~c': 1 }],
])('one mistake is one finding: %s at %s: %s', (code, pointer, message, change) => {
  expect(checkSpec(changed(change))).toEqual([{ code, pointer, message }]);
});

test('all findings come at once', () => {
  const found = checkSpec({ intentType: 'image', target: '../Web', replicas: 101, namespace: 'a'.repeat(64), more: 1 });
  expect(found.map(({ code, pointer }) => `${code} ${pointer}`).sort()).toEqual([
    'out-of-range /replicas',
    'path-traversal /target',
    'pattern-mismatch /target',
    'too-long /namespace',
    'unknown-field /more',
    'unsupported-intent-type /intentType',
  ]);
  expect(describeFindings(found)).toMatch(/^schema validation failed: /);
});

test.each(['..', '.', '../web', 'a/../b', '/etc/passwd', 'web/', 'a\\b', '%2e%2e%2fweb', '%252e%252e', 'a..b'])(
  '%j as a name is a path traversal',
  (name) => {
    for (const field of ['target', 'namespace']) {
      const found = checkSpec(changed({ [field]: name }));
      expect(describeFindings(found)).toContain(TRAVERSAL);
      expect(reasonOf(found)).toBe('InvalidPath');
    }
  },
);

test.each(['a\u0000b', 'web\n', 'web\r', '\u001b[2Jweb', '\u202ebew', 'we\u200bb', 'web\ud800', ''])(
  '%j as a name is an unsafe path, and its message shows nothing raw',
  (name) => {
    const found = checkSpec(changed({ target: name }));
    expect(reasonOf(found)).toBe('InvalidPath');
    expect(describeFindings(found)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  },
);

test.each<[string, unknown]>([
  ['InvalidSpec', changed({ replicas: 101 })],
  ['InvalidSpec', changed({ target: 'Web' })],
  ['InvalidSpec', changed({ intentType: 5 })],
  ['InvalidSpec', { target: 'web', replicas: 1 }],
  ['InvalidSpec', null],
  ['UnsupportedIntentType', { intentType: 'image', target: 'web', image: 'nginx' }],
  ['InvalidPath', { intentType: 'image', target: '../web' }],
])('the reason is %s for %j', (reason, spec) => {
  expect(reasonOf(checkSpec(spec))).toBe(reason);
});

test.each<[unknown, string]>([
  [null, 'not null'],
  [[], 'not a list'],
  ['x', 'not the string "x"'],
  [5, 'not the number 5'],
  [true, 'not true'],
  [undefined, 'not null'],
])('%j as a spec is refused', (spec, words) => {
  expect(said(spec)).toBe(`schema validation failed: spec must be an object, ${words}`);
});

test('prototype keys are unknown fields, and inherited fields do not count', () => {
  const own: unknown = JSON.parse('{"__proto__":{"target":"x"},"constructor":{"prototype":{}},"toString":1}');
  expect(said(own)).toContain('unknown field "__proto__"; unknown field "constructor"; unknown field "toString"');
  expect(said(own)).toContain('target is required');
  expect(said(Object.create(GOOD))).toContain('target is required');
  expect(({} as { target?: unknown }).target).toBeUndefined();
});

test('an object without a prototype is as good as another', () => {
  expect(checkSpec(Object.assign(Object.create(null), GOOD))).toEqual([]);
});

test('no JSON value makes the check throw, and every message is one line', () => {
  const field = fc.constantFrom('intentType', 'target', 'namespace', 'replicas', 'reason', 'suspend', '__proto__');
  const spec = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
  fc.assert(
    fc.property(spec, (value) => {
      for (const { code, message } of checkSpec(value)) {
        expect(code).toMatch(/^[a-z-]+$/);
        expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }
    }),
    { numRuns: 500 },
  );
});

test('a huge spec gives at most 32 findings, of bounded length, those about known fields first', () => {
  const huge: Record<string, unknown> = { ...GOOD, replicas: 101, target: 'A'.repeat(1_000_000) };
  for (let i = 0; i < 50_000; i++) huge[`field${i}`] = i;
  let named = 0;
  const found = checkSpec(huge, (field) => {
    named++;
    return field;
  });
  expect(found).toHaveLength(32);
  // The work per unknown field is bounded too: each one that is looked at is compared with the known ones.
  expect(named).toBeLessThan(1_000);
  expect(found.map(({ code }) => code).slice(0, 3)).toEqual(['too-long', 'pattern-mismatch', 'out-of-range']);
  expect(found.at(-1)?.message).toBe('and 49972 more findings');
  expect(describeFindings(found).length).toBeLessThan(4000);
});

test('a value of a hundred thousand levels is described without walking into it', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(said(changed({ replicas: deep }))).toBe('schema validation failed: replicas must be an integer, not a list');
});

test('the names of another form stand in messages and pointers', () => {
  const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const spec = { ...changed({ targetKind: 'deployment', correlationId: '' }), correlationID: 'x' };
  expect(checkSpec(spec, snake).map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
    '/correlationID unknown field "correlationID" (did you mean correlation_id?)',
    '/target_kind target_kind does not match pattern ^[A-Z][A-Za-z0-9]*$: "deployment"',
    '/correlation_id correlation_id is empty',
    '/correlation_id correlation_id does not match pattern ^[a-zA-Z0-9_-]+$: ""',
  ]);
});

test('the module that was compiled ahead gives the verdict of ajv here and now', async () => {
  const { validate } = await import('../../../src/api/generated/spec-validator.mjs');
  const fresh = compileSpecValidator();
  const leaf = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.stringMatching(/^[a-z0-9A-Z.-]{0,5}$/),
    fc.integer({ min: -2, max: 102 }),
  );
  const spec = fc.record(
    {
      intentType: fc.oneof(fc.constant('scaling'), leaf),
      target: leaf,
      replicas: leaf,
      namespace: leaf,
      correlationId: leaf,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(spec, (value) => {
      expect(validate(value)).toBe(fresh(value));
    }),
    { numRuns: 500 },
  );
});

test('the name of an intent is bounded like in the CRD', () => {
  expect(checkName('a'.repeat(200))).toEqual([]);
  expect(checkName('a'.repeat(201)).map(({ message }) => message)).toEqual([
    'metadata.name too long: 201 characters, at most 200',
  ]);
});
