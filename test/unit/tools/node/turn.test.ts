import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeTurn } from '../../../../tools/node/turn.ts';

const noFlock = spawnSync('flock', ['--version']).error !== undefined;

test('one has its turn after the other, and waits without a limit', async () => {
  if (noFlock) return expect(process.platform).not.toBe('linux');
  const dir = mkdtempSync(join(tmpdir(), 'patchgen-turn-'));
  try {
    const order: string[] = [];
    const waits = Promise.withResolvers<void>();
    const end = await takeTurn(() => undefined, join(dir, 'lock'));
    const second = takeTurn(waits.resolve, join(dir, 'lock')).then((done) => {
      order.push('second');
      return done;
    });
    await waits.promise;
    order.push('first ends');
    await end();
    await (await second)();
    expect(order).toEqual(['first ends', 'second']);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
