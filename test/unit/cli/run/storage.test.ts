import { expect, test } from 'vitest';
import { Transient } from '../../../../src/api/errors.ts';
import { startStorageWatch } from '../../../../src/cli/run/storage.ts';
import { silentLog } from '../../../../src/platform/log.ts';
import { ManualClock } from '../../../support/clock.ts';
import { seededRandom } from '../../../support/random.ts';

function watched() {
  const clock = new ManualClock();
  const state = { full: false, recoveries: 0 };
  const storage = startStorageWatch({
    publisher: {
      selfTest: async () => ({ rootId: 'root' }),
      headRoom: async () => {
        if (state.full) throw new Transient('StorageFull', 'insufficient disk space');
        return { availableBytes: 7 };
      },
    },
    clock,
    random: seededRandom(1),
    log: silentLog,
    metrics: { available: () => {} },
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
