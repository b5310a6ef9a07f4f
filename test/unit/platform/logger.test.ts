import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../../../src/api/errors.ts';
import { createLog } from '../../../src/platform/logger.ts';

function logging(options: { debug?: boolean; json?: boolean; color?: boolean } = {}) {
  const lines: string[] = [];
  const log = createLog({ debug: false, json: true, ...options, destination: { write: (line) => lines.push(line) } });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
  return { log, lines, last };
}

describe('JSON lines', () => {
  test('a call is one line with level, time, message and fields', () => {
    const { log, lines, last } = logging();
    log.child({ controller: 'patchintent' }).info({ intent: 'shop/web', n: 3n }, 'package published');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('\n')).toBe(true);
    const { time, ...rest } = last();
    expect(rest).toEqual({
      level: 'info',
      controller: 'patchintent',
      intent: 'shop/web',
      n: '3',
      msg: 'package published',
    });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  test('debug lines are there only with debug', () => {
    const quiet = logging();
    quiet.log.debug({}, 'x');
    const loud = logging({ debug: true });
    loud.log.debug({}, 'x');
    expect([quiet.lines.length, loud.lines.length]).toEqual([0, 1]);
  });

  test('an error is written with type, reason, class, cause and stack, and without its other members', () => {
    const { log, last } = logging();
    const cause = Object.assign(new Error('inner'), { code: 'ENOSPC', body: { huge: 'response' } });
    log.error({ err: new Rejected('InvalidSpec', 'outer', { cause }) }, 'failed');
    expect(last().err).toMatchObject({
      type: 'Rejected',
      message: 'outer',
      reason: 'InvalidSpec',
      class: 'Rejected',
      cause: { type: 'Error', message: 'inner', code: 'ENOSPC', stack: expect.stringContaining('logger.test') },
    });
    expect(JSON.stringify(last())).not.toContain('huge');
  });

  test('whatever is logged, it is one printable line that parses, and no call throws', () => {
    const { log, lines } = logging();
    const circular: Record<string, unknown> = { name: 'loop' };
    circular.self = circular;
    const nasty = {
      get broken() {
        throw new Error('no');
      },
      f: () => 1,
      d: new Date(Number.NaN),
      m: new Map([['a', 1]]),
      circular,
    };
    log.info(nasty, 'nasty');
    fc.assert(
      fc.property(fc.object(), fc.string({ unit: 'binary' }), (fields, message) => {
        log.warn(fields, message);
      }),
    );
    for (const line of lines) {
      expect(() => JSON.parse(line)).not.toThrow();
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    }
  });
});

test('what JSON leaves as it is and a terminal obeys is escaped, and reads back as it was', () => {
  const { log, lines, last } = logging();
  const text = '\u009b31m \u2028 \u202e \u200b \u{e0041} \u007f é 漢 ✓';
  log.info({ text }, text);
  expect(lines[0]).not.toMatch(/[\u007f-\u009f\u2028\u202e\u200b\u{e0041}]/u);
  expect(lines[0]).toContain('é 漢 ✓');
  expect(last()).toMatchObject({ text, msg: text });
});

describe('secrets', () => {
  const canary = 'c4n4ry-5ecret-va1ue';
  test.each([
    { token: canary },
    { headers: { Authorization: `Bearer ${canary}` } },
    { users: [{ user: { 'client-key-data': canary, password: canary } }] },
    { note: `sent Authorization: Bearer ${canary} to it` },
    { url: `https://robot:${canary}@git.example.com/x.git` },
    { text: `-----BEGIN EC PRIVATE KEY-----\n${canary}\n-----END EC PRIVATE KEY-----` },
    { err: new Error(`exec plugin said token: ${canary}`) },
    { err: new Error('outer', { cause: new Error(`Basic ${canary}`) }) },
    { kubeconfig: `users:\n- user:\n    token: ${canary}\n` },
    { jwt: `eyJhbGciOi.${canary}.sig` },
  ])('%o is written without the secret', (fields) => {
    for (const json of [true, false]) {
      const { log, lines } = logging({ json });
      log.child(fields).info(fields, 'seen');
      expect(lines.join('')).not.toContain(canary);
      expect(lines.join('')).toContain('[redacted]');
    }
  });

  test('a message is redacted too', () => {
    const { log, lines } = logging();
    log.info({}, `Bearer ${canary}`);
    expect(lines.join('')).not.toContain(canary);
  });

  test('paths and names of secrets stay readable', () => {
    const { log, last } = logging();
    log.info({ tokenFile: '/var/run/token', kubeconfig: '/home/me/.kube/config', continueFrom: 'x' }, 'ok');
    expect(last()).toMatchObject({
      tokenFile: '/var/run/token',
      kubeconfig: '/home/me/.kube/config',
      continueFrom: 'x',
    });
  });
});

describe('readable lines', () => {
  test('time, level, message and fields stand in one line; the causes of an error below', () => {
    const { log, lines } = logging({ json: false });
    log.warn({ intent: 'shop/web', why: 'a b' }, 'held');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}held intent=shop\/web why="a b"\n$/);
    log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(lines[1]).toMatch(/^.* ERROR failed\n {2}Error: outer\n( {4}at .*\n)+ {4}caused by Error: inner\n/);
  });

  test('a value can neither move the cursor nor begin a line', () => {
    const { log, lines } = logging({ json: false });
    log.info({ name: '\u001b[2Jx\nERROR forged', bidi: '\u202eabc' }, 'msg\r\nforged');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
