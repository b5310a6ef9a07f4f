import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { runCli } from '../../../src/cli/frame.ts';
import { recordedIo } from '../../support/io.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const WIRE = 'intent_type: scaling\ntarget: web\nnamespace: shop\nreplicas: 5\ncorrelation_id: INC-42\n';

async function validate(args: readonly string[], input = '', stdin?: AsyncIterable<Uint8Array>) {
  const io = recordedIo(input);
  const code = await runCli(['validate', ...args], stdin === undefined ? io : { ...io, stdin });
  return { code, out: io.out(), err: io.err() };
}

function file(name: string, text: string | Uint8Array): string {
  const path = join(tempFolder(), name);
  writeFileSync(path, text);
  return path;
}

test('a good document ends with 0', async () => {
  expect(await validate(['-'], WIRE)).toEqual({
    code: 0,
    out: 'stdin:1: valid: Deployment shop/web, replicas → 5\n1 valid, 0 invalid\n',
    err: '',
  });
});

test('a bad document ends with 1 and is told as a compiler does it', async () => {
  const { code, out } = await validate(['-'], WIRE.replace('5', '101'));
  expect(code).toBe(1);
  expect(out).toBe(`stdin:1: schema validation failed: 1 finding
stdin:4:11: replicas out of range: 101 is not between 0 and 100 [out-of-range] (/replicas)
    replicas: 101
              ^^^
0 valid, 1 invalid
`);
});

test('a syntax error has position, line and caret', async () => {
  const { code, out } = await validate([file('a.json', '{"intent_type": "scaling",\n  "target" "web"}')]);
  expect(code).toBe(1);
  expect(out).toMatch(
    /a\.json:2:12: invalid JSON: expected ":", found a string \[invalid-json\]\n {6}"target" "web"\}\n {15}\^\n/,
  );
});

test.each<[string, string, string]>([
  ['invalid JSON', '{"a":', 'invalid JSON'],
  ['schema validation failed', WIRE.replace('target:', 'targets:'), 'schema validation failed'],
  ['intent_type', WIRE.replace('scaling', 'image'), "intent_type must be 'scaling'"],
  ['replicas', WIRE.replace('5', '-1'), 'replicas out of range'],
  ['target', WIRE.replace('web', 'Web'), 'target does not match pattern'],
  ['namespace', WIRE.replace('shop', 'a'.repeat(64)), 'namespace too long'],
  ['path', WIRE.replace('web', '../web'), 'path traversal detected'],
])('the phrase about %s is printed in every format', async (_, input, phrase) => {
  for (const format of ['text', 'json', 'yaml']) {
    const { code, out } = await validate(['-', '-o', format], input);
    expect(code).toBe(1);
    expect(out).toContain(phrase);
  }
});

test('JSON and YAML say the same, with code, pointer and position', async () => {
  const input = `${WIRE}---\n${WIRE.replace('5', '101')}`;
  const json: unknown = JSON.parse((await validate(['-', '-o', 'json'], input)).out);
  expect(load((await validate(['-', '-o', 'yaml'], input)).out)).toEqual(json);
  expect(json).toMatchObject({
    valid: false,
    documents: [
      { file: 'stdin', line: 1, valid: true, form: 'wire', spec: { replicas: 5 }, warnings: [] },
      {
        line: 7,
        valid: false,
        message: 'schema validation failed: replicas out of range: 101 is not between 0 and 100',
        findings: [{ code: 'out-of-range', pointer: '/replicas', line: 10, column: 11 }],
      },
    ],
  });
});

test('a missing correlation id is a warning, and an error under --strict, --strict-mode and never by a typing mistake', async () => {
  const input = WIRE.replace(/correlation.*\n/, '');
  const { code, out } = await validate(['-'], input);
  expect([code, out]).toEqual([0, expect.stringContaining('warning: correlation id is missing')]);
  for (const flag of ['--strict', '--strict-mode']) {
    const strict = await validate(['-', flag], input);
    expect([strict.code, strict.out]).toEqual([1, expect.stringContaining('[strict-mode]')]);
  }
  expect((await validate(['-', '--stric'], input)).code).toBe(2);
});

test('a kind that the change type cannot change is refused with its place', async () => {
  const { code, out } = await validate(['-'], `${WIRE}target_kind: DaemonSet\n`);
  expect(code).toBe(1);
  expect(out).toContain('stdin:6:14: scaling does not work on "apps/v1 DaemonSet"');
});

test('control characters and bidirectional overrides of an input reach neither stdout nor stderr', async () => {
  const evil = '\u001b]0;x\u0007\u202e\u009b2J\r';
  const json = JSON.stringify({
    intent_type: 'scaling',
    target: `a${evil}`,
    namespace: 'shop',
    replicas: 5,
    [evil]: 1,
  });
  const inputs = [json, `{"${evil}" 1}`, `a: *${evil}`, `target: "${evil}"`, `${WIRE}? [x]\n: "\\e[2J"\n`];
  for (const input of inputs) {
    for (const args of [['-'], ['-', '-o', 'yaml'], [`no${evil}file`, '-']]) {
      const { code, out, err } = await validate(args, input);
      expect(code).toBe(1);
      expect((out + err).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u);
    }
  }
});

test('files that cannot be read are told one by one, and the others are still checked', async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, 'dir'));
  const good = file('good.yaml', WIRE);
  const { code, out, err } = await validate([join(folder, 'none.yaml'), good, join(folder, 'dir')]);
  expect(code).toBe(1);
  expect(err).toBe(`error: no such file: ${folder}/none.yaml\nerror: is a directory: ${folder}/dir\n`);
  expect(out).toContain('1 valid, 0 invalid, 2 unreadable');
});

test('a file without permission is told so', async () => {
  const path = file('secret.yaml', WIRE);
  chmodSync(path, 0o000);
  // Root may read anything, so it becomes somebody else for the while.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    expect((await validate([path])).err).toBe(`error: permission denied: ${path}\n`);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test.each(['EACCES', 'EPERM'])('%s while reading is told as permission denied', async (code) => {
  const denied = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(Object.assign(new Error(code), { code })) }),
  };
  expect(await validate(['-'], '', denied)).toEqual({
    code: 1,
    out: '0 valid, 0 invalid, 1 unreadable\n',
    err: 'error: permission denied: -\n',
  });
});

test('a file and a stream beyond 1 MiB are given up after 1 MiB', async () => {
  const big = file('big.yaml', '#'.repeat(3 * 1024 * 1024));
  expect((await validate([big])).out).toContain('the input is too large');
  let taken = 0;
  const endless = (async function* () {
    for (;;) {
      taken += 1;
      yield Buffer.alloc(64 * 1024, 0x23);
    }
  })();
  expect((await validate(['-'], '', endless)).out).toContain('the input is too large');
  expect(taken).toBeLessThan(20);
});

test('an input that never ends is given up at the validation timeout', async () => {
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const { code, err } = await validate(['-', '--validation-timeout', '50ms'], '', silent);
  expect([code, err]).toEqual([1, 'error: no complete input within the validation timeout: -\n']);
});

test.each([
  [[]],
  [['-', '-o', 'xml']],
  [['-', '--validation-timeout', 'soon']],
  [['-', '--nope']],
  [['-', '-n', '../x']],
  [['-', '-n', '']],
])('the usage %j ends with 2', async (args) => {
  expect((await validate(args, WIRE)).code).toBe(2);
});
