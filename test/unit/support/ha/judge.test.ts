import { expect, test } from 'vitest';
import { type Evidence, judge, type Suspect, surplusEvents } from '../../../support/ha/judge.ts';
import type { Act } from '../../../support/ha/trail.ts';

const A: Suspect = { address: 'a', identity: 'A', group: 1, pid: 11, renewDeadlineMs: 5_000, endedAt: undefined };
const B: Suspect = { ...A, address: 'b', identity: 'B', group: 2, pid: 12 };

function act(from: string, at: number, more: Partial<Act> = {}): Act {
  const where = { namespace: 'ns', name: 'web', subresource: 'status', resource: 'patchintents' };
  return { from, verb: 'update', ...where, code: 200, receivedAt: at, answeredAt: at + 1, spec: undefined, ...more };
}
const renewal = ({ address, identity }: Suspect, at: number, holder = identity): Act =>
  act(address, at, { resource: 'leases', name: 'lease', subresource: undefined, spec: { holderIdentity: holder } });
const made = ({ group }: Suspect, at: number, root = '/r') => ({ root, what: `x at ${at}`, group: group ?? 0, at });
const claim = ({ pid }: Suspect, epoch: number, at: number, root = '/r') => ({ root, epoch, pid, at });

/** A leads from 0, renews at 2 s, and is gone; B leads from 10 s. */
const INNOCENT = {
  lease: 'lease',
  namespace: 'ns',
  suspects: [A, B],
  acts: [
    act('a', 0, { verb: 'list', subresource: undefined, name: '' }),
    act('b', 0, { verb: 'list', subresource: undefined, name: '' }),
    renewal(A, 0),
    act('a', 1_200),
    renewal(A, 2_000),
    renewal(B, 10_000),
    act('b', 11_200),
  ],
  witnessed: {
    made: [made(A, 1_000), made(A, 6_000), made(B, 11_000)],
    claims: [claim(A, 1, 500), claim(B, 2, 10_500)],
    unended: [],
    mixed: [],
    reads: 1,
    looks: 1,
  },
} satisfies Evidence;

type Crime = (evidence: typeof INNOCENT) => Partial<Evidence>;
const witnessed =
  (more: Partial<Evidence['witnessed']>): Crime =>
  ({ witnessed }) => ({ witnessed: { ...witnessed, ...more } });
const acts =
  (...more: readonly Act[]): Crime =>
  ({ acts }) => ({ acts: [...acts, ...more].toSorted((a, b) => a.answeredAt - b.answeredAt) });

test('where one leads after the other nothing is found', () => {
  expect(judge(INNOCENT)).toEqual([]);
});

const CRIMES: readonly (readonly [string, Crime, RegExp])[] = [
  [
    'publications in turns, even on roots apart',
    witnessed({
      made: [made(A, 1_000), made(B, 10_800, '/s'), made(A, 10_900), made(B, 11_000, '/s')],
      claims: [claim(A, 1, 500), claim(B, 1, 10_500, '/s')],
    }),
    /two processes at once, by their publications/,
  ],
  ['a publication past the deadline', witnessed({ made: [made(A, 7_100)] }), /a acted 100 ms after its deadline/],
  ['a publication before the Lease', witnessed({ made: [made(B, 9_000)] }), /b acted before it held the Lease/],
  [
    'a publication outside the epoch',
    witnessed({ made: [made(A, 6_000)], claims: [claim(A, 1, 500), claim(B, 2, 3_000)] }),
    /a published outside its epoch/,
  ],
  ['a status past the deadline', acts(act('a', 8_000)), /a acted 1000 ms after its deadline: status of web/],
  [
    'statuses of one intent in turns',
    acts(act('a', 11_300), act('b', 11_400)),
    /two processes at once, by their status/,
  ],
  ['a Lease taken too early', acts(renewal(B, 6_500)), /b took the Lease 500 ms before a had to let go/],
  ['a second list', acts(act('b', 9_900, { verb: 'list', subresource: undefined })), /b listed the intents 2 times/],
  ['a package that is not whole', witnessed({ mixed: ['/r/ns/web'] }), /mixed package/],
  ['an epoch that was left', witnessed({ unended: ['/r'] }), /more than one epoch is left/],
  ['an epoch of a stranger', witnessed({ claims: [claim({ ...A, pid: 99 }, 3, 12_000)] }), /belongs to nobody/],
  [
    'epochs out of order',
    witnessed({ claims: [claim(A, 2, 500), claim(B, 1, 10_500)] }),
    /epoch 2 of \/r was claimed before epoch 1/,
  ],
];

test.each(CRIMES)('%s: found', (_, crime, found) => {
  expect(judge({ ...INNOCENT, ...crime(INNOCENT) }).join('\n')).toMatch(found);
});

test('a released Lease may be taken at once, and what was sent before the end may arrive after it', () => {
  const released = acts(renewal(A, 2_500, ''), renewal(B, 2_600))(INNOCENT);
  expect(judge({ ...INNOCENT, ...released, witnessed: { ...INNOCENT.witnessed, made: [] } })).toEqual([]);
  const late = acts(act('a', 8_000))(INNOCENT);
  expect(judge({ ...INNOCENT, ...late, suspects: [{ ...A, endedAt: 7_500 }, B] })).toEqual([]);
});

test('an Event that is told twice, or that tells of no change, is found', () => {
  const event = {
    type: 'Normal',
    reason: 'PackageWritten',
    note: 'n',
    regarding: { kind: 'PatchIntent', name: 'web' },
  };
  expect(surplusEvents([event, { ...event, note: 'other' }])).toEqual([]);
  expect(surplusEvents([event, event])).toEqual(['2 × PackageWritten of web: n']);
  expect(surplusEvents([{ ...event, series: { count: 2 } }])).toEqual(['2 × PackageWritten of web: n']);
  expect(surplusEvents([{ ...event, reason: 'PackageRestored' }])).toHaveLength(1);
});
