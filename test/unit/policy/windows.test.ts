import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicyWindow } from '../../../src/api/schema/patchpolicy.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import type { Decision } from '../../../src/policy/verdict.ts';
import { type CompiledWindow, compileWindow } from '../../../src/policy/windows.ts';
import { policy, policyInput } from '../../support/policies.ts';

function window(
  schedule: string,
  duration: string,
  timeZone?: string,
  effect: PolicyWindow['effect'] = 'Deny',
): PolicyWindow {
  return { effect, schedule, duration, ...(timeZone === undefined ? {} : { timeZone }) };
}

function compiled(one: PolicyWindow): CompiledWindow {
  const result = compileWindow(one);
  if ('problem' in result) throw new Error(result.problem);
  return result;
}

/** `open until …` or `closed until …`, to the minute. */
function at(one: CompiledWindow, time: string): string {
  const { open, until } = one.at(new Date(time));
  return `${open ? 'open' : 'closed'} until ${until?.toISOString().slice(0, 16)}Z`;
}

describe('a window', () => {
  test('holds its begin and not its end', () => {
    const one = compiled(window('0 9 * * *', '1h'));
    expect(at(one, '2026-06-01T08:59:59.999Z')).toBe('closed until 2026-06-01T09:00Z');
    expect(at(one, '2026-06-01T09:00:00.000Z')).toBe('open until 2026-06-01T10:00Z');
    expect(at(one, '2026-06-01T09:59:59.999Z')).toBe('open until 2026-06-01T10:00Z');
    expect(at(one, '2026-06-01T10:00:00.000Z')).toBe('closed until 2026-06-02T09:00Z');
  });

  test('goes on over midnight, the end of the week and the end of the year', () => {
    const one = compiled(window('0 22 * * FRI', '60h', 'Europe/Berlin'));
    expect(at(one, '2027-01-01T21:00:00Z')).toBe('open until 2027-01-04T09:00Z');
    expect(at(one, '2027-01-03T23:59:59Z')).toBe('open until 2027-01-04T09:00Z');
    expect(at(one, '2027-01-04T09:00:00Z')).toBe('closed until 2027-01-08T21:00Z');
    const freeze = compiled(window('0 0 15 12 *', '504h'));
    expect(at(freeze, '2027-01-01T00:00:00Z')).toBe('open until 2027-01-05T00:00Z');
  });

  test('that begins again before it ends is open without a gap', () => {
    const one = compiled(window('0 */2 * * *', '3h'));
    fc.assert(
      fc.property(fc.nat(86_400_000), (ms) => {
        expect(one.at(new Date(Date.UTC(2026, 5, 1) + ms)).open).toBe(true);
      }),
    );
    const office = compiled(window('0 9-16 * * MON-FRI', '90m'));
    expect(at(office, '2026-06-01T09:30:00Z')).toBe('open until 2026-06-01T17:30Z');
  });

  test('a day of month or a day of week counts where both are given', () => {
    const one = compiled(window('0 0 13 * FRI', '1h'));
    expect(one.at(new Date('2026-10-13T00:30:00Z')).open).toBe(true);
    expect(one.at(new Date('2026-10-16T00:30:00Z')).open).toBe(true);
    expect(one.at(new Date('2026-10-15T00:30:00Z')).open).toBe(false);
  });

  test('UTC is the time zone of a window that names none', () => {
    expect(at(compiled(window('0 9 * * *', '1h')), '2026-07-01T09:30:00Z')).toBe('open until 2026-07-01T10:00Z');
  });
});

// In Berlin, 2026-03-29 02:00 becomes 03:00 at 01:00Z, and 2026-10-25 03:00 becomes 02:00 at 01:00Z.
describe('when clocks go forward', () => {
  test('a begin within the gap comes right after it, and the window is as long as ever', () => {
    const one = compiled(window('30 2 * * *', '2h', 'Europe/Berlin'));
    expect(at(one, '2026-03-28T01:30:00Z')).toBe('open until 2026-03-28T03:30Z');
    expect(at(one, '2026-03-29T00:59:59Z')).toBe('closed until 2026-03-29T01:00Z');
    expect(at(one, '2026-03-29T01:00:00Z')).toBe('open until 2026-03-29T03:00Z');
    expect(at(one, '2026-03-29T03:00:00Z')).toBe('closed until 2026-03-30T00:30Z');
  });

  test('a list of times is as good as one', () => {
    const one = compiled(window('30 2,14 * * *', '1h', 'Europe/Berlin'));
    expect(one.at(new Date('2026-03-29T01:30:00Z')).open).toBe(true);
  });

  test('a begin with a step skips the gap', () => {
    const one = compiled(window('15 */2 * * *', '30m', 'Europe/Berlin'));
    expect(at(one, '2026-03-29T01:20:00Z')).toBe('closed until 2026-03-29T02:15Z');
  });

  test('a window over the change lasts its hours, not those of the wall', () => {
    const one = compiled(window('0 22 * * *', '8h', 'Europe/Berlin'));
    expect(at(one, '2026-03-28T21:00:00Z')).toBe('open until 2026-03-29T05:00Z');
  });
});

describe('when clocks go back', () => {
  test('a begin that is there twice counts the first time only', () => {
    const one = compiled(window('30 2 * * *', '20m', 'Europe/Berlin'));
    expect(at(one, '2026-10-25T00:30:00Z')).toBe('open until 2026-10-25T00:50Z');
    expect(at(one, '2026-10-25T01:30:00Z')).toBe('closed until 2026-10-26T01:30Z');
  });

  test('a begin with * counts both times', () => {
    const one = compiled(window('30 * * * *', '20m', 'Europe/Berlin'));
    expect(at(one, '2026-10-25T00:40:00Z')).toBe('open until 2026-10-25T00:50Z');
    expect(at(one, '2026-10-25T01:40:00Z')).toBe('open until 2026-10-25T01:50Z');
  });

  test('a window over the change lasts its hours, not those of the wall', () => {
    const one = compiled(window('0 22 * * *', '8h', 'Europe/Berlin'));
    expect(at(one, '2026-10-24T20:00:00Z')).toBe('open until 2026-10-25T04:00Z');
  });
});

describe('laws', () => {
  const schedules = fc.constantFrom(
    '30 2 * * *',
    '*/20 * * * *',
    '0 22 * * FRI',
    '15 1-3 * * *',
    '0 0 1 * *',
    '45 1,13 * * *',
  );
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
  const moments = fc
    .tuple(
      fc.constantFrom('2026-03-07', '2026-03-28', '2026-04-04', '2026-10-03', '2026-10-24', '2026-10-31'),
      fc.nat(2 * 86_400_000),
    )
    .map(([day, offset]) => new Date(Date.parse(`${day}T12:00:00Z`) + offset));

  test('a state holds until its end and not beyond, whatever was asked before', () => {
    const durations = fc.constantFrom('5m', '25m', '3h', '30h');
    fc.assert(
      fc.property(
        schedules,
        zones,
        durations,
        moments,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (schedule, zone, duration, now, part) => {
          const spec = window(schedule, duration, zone);
          const state = compiled(spec).at(now);
          const end = state.until?.getTime() ?? Number.NaN;
          expect(end).toBeGreaterThan(now.getTime());
          const between = new Date(now.getTime() + Math.floor((end - 1 - now.getTime()) * part));
          expect(compiled(spec).at(between).open).toBe(state.open);
          const asked = compiled(spec);
          asked.at(between);
          expect(asked.at(now)).toEqual(state);
          // What begins again all the time has no end that is known, only a moment to look again.
          if (state.endless !== true) expect(asked.at(new Date(end)).open).toBe(!state.open);
          else expect(asked.at(new Date(end - 1)).open).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a schedule', () => {
  test.each<[string, string | undefined, string, string]>([
    ['0 0 30 2 *', undefined, 'schedule', '"0 0 30 2 *" never comes'],
    ['61 * * * *', undefined, 'schedule', '"61 * * * *" can not be read: Invalid value for minute: 61'],
    ['0 22-4 * * *', undefined, 'schedule', 'From value is larger than to value'],
    ['5/5 * * * *', undefined, 'schedule', 'stepping with numeric prefix'],
    ['0 0 * * *', 'Mars/Base', 'timeZone', '"Mars/Base" is not known'],
  ])('%j in %s is refused', (schedule, timeZone, field, problem) => {
    expect(compileWindow(window(schedule, '1h', timeZone))).toEqual({
      field,
      problem: expect.stringContaining(problem),
    });
  });

  test.each(['0 0 29 2 *', '0 0 * * 7', '0 0 * JAN-MAR SUN', '*/5 0-23/2 1,15 * *'])('%j is taken', (schedule) => {
    expect(compileWindow(window(schedule, '1h'))).toHaveProperty('at');
  });
});

describe('windows of a policy', () => {
  const NOON = { now: new Date('2026-11-19T12:00:00Z') };
  const OPEN = window('0 9 * * *', '8h', 'UTC', 'Allow');
  const SHUT = window('0 20 * * *', '1h', 'UTC', 'Allow');
  const DENY = window('0 11 * * *', '2h');
  const NO_DENY = window('0 4 * * *', '1h');
  test.each([
    ['within Allow', [OPEN], 'Allow'],
    ['within one of two Allow', [SHUT, OPEN], 'Allow'],
    ['outside every Allow', [SHUT], 'Wait'],
    ['within Deny', [DENY], 'Wait'],
    ['outside Deny', [NO_DENY], 'Allow'],
    ['Deny wins over Allow', [OPEN, DENY], 'Wait'],
    ['outside Deny and within Allow', [OPEN, NO_DENY], 'Allow'],
    ['outside Deny and outside Allow', [SHUT, NO_DENY], 'Wait'],
  ] as const)('%s: %j', (_, windows, decision) => {
    expect(evaluate(policyInput(NOON), [policy('one', { windows: [...windows] })]).decision).toBe(decision);
  });

  test.each<[string, PolicyWindow, Decision, string]>([
    [
      'a wait',
      window('* * * * *', '1h'),
      'Wait',
      'within Deny "* * * * *" for 1h (UTC), which begins again before it ends',
    ],
    [
      'what it allows',
      window('0 */2 * * *', '3h', 'UTC', 'Allow'),
      'Allow',
      'within Allow "0 */2 * * *" for 3h (UTC), which begins again before it ends',
    ],
  ])(
    'that begin again before they end name no end, and are looked at again all the same: %s',
    (_, one, result, words) => {
      const verdict = evaluate(policyInput(NOON), [policy('one', { windows: [one] })]);
      expect(verdict.considered).toEqual([
        { policy: 'one', rule: 'windows', result, message: `policy one, windows: ${words}` },
      ]);
      expect(verdict.retryAt?.getTime()).toBeGreaterThan(NOON.now.getTime());
      const later = { now: new Date(NOON.now.getTime() + 5 * 3_600_000) };
      expect(evaluate(policyInput(later), [policy('one', { windows: [one] })]).considered).toEqual(verdict.considered);
    },
  );

  test('a wait says until when', () => {
    const { considered } = evaluate(policyInput(NOON), [policy('one', { windows: [SHUT] })]);
    expect(considered).toEqual([
      {
        policy: 'one',
        rule: 'windows',
        result: 'Wait',
        message: 'policy one, windows: within no Allow window, until 2026-11-19T20:00:00Z',
        until: new Date('2026-11-19T20:00:00Z'),
      },
    ]);
  });
});
