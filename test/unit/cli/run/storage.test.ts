import { expect, test } from 'vitest';
import { Transient } from '../../../../src/api/errors.ts';
import { startStorageWatch } from '../../../../src/cli/run/storage.ts';
import { silentLog } from '../../../../src/platform/log.ts';
import { ManualClock } from '../../../support/clock.ts';
import { seededRandom } from '../../../support/random.ts';

function watched() {
  const clock = new ManualClock();
  const state = { full: false, recoveries: 0, available: Number.NaN, usable: false };
  const storage = startStorageWatch({
    publisher: {
      selfTest: async () => ({ rootId: 'root' }),
      volume: async () => ({ availableBytes: state.full ? 3 : 7, sizeBytes: 9, freeInodes: 1, inodes: 2 }),
      headRoom: async () => {
        if (state.full) throw new Transient('StorageFull', 'insufficient disk space');
        return { availableBytes: 7 };
      },
    },
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics: {
      volume: ({ availableBytes }) => {
        state.available = availableBytes;
      },
      usable: (isUsable) => {
        state.usable = isUsable;
      },
    },
    onRecovered: () => {
      state.recoveries += 1;
    },
  });
  return { clock, state, storage };
}

test('a volume that has room again is told once, at the next look', async () => {
  const { clock, state, storage } = watched();
  await clock.advance(10_000);
  const atStart = state.recoveries;
  state.full = true;
  await clock.advance(10_000);
  expect(storage.check()).toMatchObject({ ok: false, detail: expect.stringContaining('StorageFull') });
  expect(state.recoveries).toBe(atStart);
  state.full = false;
  await clock.advance(30_000);
  expect(storage.check()).toMatchObject({ ok: true });
  expect(state.recoveries).toBe(atStart + 1);
  storage.stop();
});

test('a volume that is full tells how full, and that it is not usable', async () => {
  const { clock, state, storage } = watched();
  await clock.advance(10_000);
  expect([state.available, state.usable]).toEqual([7, true]);
  state.full = true;
  await clock.advance(10_000);
  expect([state.available, state.usable]).toEqual([3, false]);
  state.full = false;
  await clock.advance(10_000);
  expect([state.available, state.usable]).toEqual([7, true]);
  storage.stop();
});
