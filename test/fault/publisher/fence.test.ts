import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/kpt/publisher/messages.ts';
import {
  CLAIM,
  claimedWriter,
  packageOf,
  publishCall,
  removeCall,
  residueOf,
  temporaryMount,
  treeOf,
  writerOn,
} from '../../support/package-root.ts';
import { reasonsOf, runChild, startChild } from './processes.ts';

const PATIENCE = 30_000;
const EXCLUSIVE: Call = { id: 0, name: 'claim', argument: { takeOver: false, exclusive: true } };
const TAKE_OVER: Call = { id: 0, name: 'claim', argument: { takeOver: true, exclusive: true } };
const SWEEP: Call = { id: 0, name: 'sweep', argument: 0 };

/** Everything that readers and the store show, with what links lead to; staging apart. */
function visible(root: string): readonly string[] {
  return treeOf(root)
    .filter((name) => !name.startsWith('.patchgen/staging'))
    .map((name) => {
      const stat = fs.lstatSync(join(root, name));
      return stat.isSymbolicLink()
        ? `${name} -> ${fs.readlinkSync(join(root, name))}`
        : `${name} ${stat.mode} ${stat.isFile() ? stat.size : ''}`;
    });
}

describe('a resumed old leader changes nothing', () => {
  const cases: Record<string, readonly Call[]> = {
    'staged-checked': [publishCall('shop/web', 2)],
    // Here its next step makes something new in its epoch, so an emptied epoch is not enough, nor one moved away.
    'store-synced': [publishCall('shop/web', 2)],
    'link-made-checked': [publishCall('shop/web', 2)],
    'namespace-made-checked': [publishCall('new/web', 2)],
    'removing-checked': [removeCall('shop/web')],
    'sweeping-checked': [SWEEP],
    'epoch-made': [CLAIM],
    'owner-written': [CLAIM],
  };
  it.each(Object.entries(cases))(
    'stopped at %s',
    async (point, calls) => {
      using mount = temporaryMount();
      const before = claimedWriter(mount.root);
      before.publish('shop/web', 0);
      before.publish('shop/web', 1);
      const claims = calls.includes(CLAIM);
      const at = { point, nth: 1, signal: 'SIGSTOP' } as const;
      await using old = startChild({
        root: mount.root,
        steps: [...(claims ? [] : [{ calls: [CLAIM] }]), { calls }, { calls: [publishCall('shop/late', 9)] }],
        at,
      });
      if (!claims) expect(reasonsOf(await old.line())).toEqual(['ok']);
      expect(await old.line()).toEqual({ stopped: point });

      const present = claimedWriter(mount.root);
      present.publish('shop/web', 3);
      const shown = visible(mount.root);
      old.resume();
      expect(reasonsOf(await old.line())).toEqual(['LeadershipLost']);
      expect(reasonsOf(await old.line())).toEqual(['LeadershipLost']);
      await old.rest();
      expect(visible(mount.root)).toEqual(shown);
      expect(present.publish('shop/web', 3).outcome).toBe('unchanged');
      expect(residueOf(mount.root)).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'stopped while it moves an altered tree to quarantine',
    async () => {
      using mount = temporaryMount();
      const { entry } = claimedWriter(mount.root).publish('shop/web', 1);
      fs.writeFileSync(join(mount.root, '.patchgen/store', entry, 'mine'), 'mine');
      for (const point of ['retiring-checked', 'quarantining-checked']) {
        await using old = startChild({
          root: mount.root,
          steps: [{ calls: [CLAIM] }, { calls: [publishCall('shop/web', 1)] }],
          at: { point, nth: 1, signal: 'SIGSTOP' },
        });
        await old.line();
        expect(await old.line()).toEqual({ stopped: point });
        const present = claimedWriter(mount.root);
        expect(present.publish('shop/web', 1).outcome).toBe('unchanged');
        const shown = visible(mount.root);
        old.resume();
        await old.rest();
        expect(visible(mount.root)).toEqual(shown);
        expect(allText(mount.root)).toContain('mine');
        fs.writeFileSync(join(fs.realpathSync(join(mount.root, 'shop/web')), 'mine'), 'mine');
      }
    },
    PATIENCE,
  );
});

describe('the lease', () => {
  it.each([
    ['staged', 2],
    ['link-made', 2],
    ['removing', undefined],
  ] as const)(
    'a process stopped at %s past its lease changes nothing, though nobody took over',
    async (point, text) => {
      using mount = temporaryMount();
      claimedWriter(mount.root).publish('shop/web', 1);
      const call = text === undefined ? removeCall('shop/web') : publishCall('shop/web', text);
      await using old = startChild({
        root: mount.root,
        leaseMs: 1500,
        steps: [{ calls: [CLAIM] }, { calls: [call] }],
        at: { point, nth: 1, signal: 'SIGSTOP' },
      });
      expect(reasonsOf(await old.line())).toEqual(['ok']);
      expect(await old.line()).toEqual({ stopped: point });
      await new Promise((resolve) => setTimeout(resolve, 1600));
      old.resume();
      expect(reasonsOf(await old.line())).toEqual(['LeadershipLost']);
      expect(fs.readlinkSync(join(mount.root, 'shop/web'))).toContain(packageOf(1).digest);
      expect(residueOf(mount.root)).toEqual([]);
    },
    PATIENCE,
  );
});

describe('epochs', () => {
  it(
    'a number is never used twice: the highest directory outlives its process, by shutdown or kill',
    async () => {
      using mount = temporaryMount();
      for (const epoch of [1, 2, 3]) {
        const [line] = await runChild({
          root: mount.root,
          steps: [{ calls: [EXCLUSIVE] }, { calls: [publishCall('shop/web', epoch)] }],
          ...(epoch === 2 ? { at: { point: 'in-store', nth: 1, signal: 'SIGKILL' } } : {}),
        });
        expect(line?.answers?.[0]?.value).toMatchObject({ epoch });
        expect(fs.readdirSync(join(mount.root, '.patchgen/staging'))).toEqual([`${epoch}`]);
      }
    },
    PATIENCE,
  );

  it(
    'an exclusive claim is refused while the owner lives, though stopped, and goes ahead when it is dead',
    async () => {
      using mount = temporaryMount();
      const owner = startChild({
        root: mount.root,
        steps: [{ calls: [EXCLUSIVE] }, { calls: [publishCall('shop/web', 1)] }],
        at: { point: 'staged', nth: 1, signal: 'SIGSTOP' },
      });
      try {
        await owner.line();
        expect(await owner.line()).toEqual({ stopped: 'staged' });
        const [answer] = writerOn(mount.root).run(EXCLUSIVE);
        expect(answer).toMatchObject({
          ok: false,
          failure: { reason: 'RootUnusable', message: expect.stringContaining('--take-over') },
        });
        expect(fs.readdirSync(join(mount.root, '.patchgen/staging'))).toEqual(['1']);
      } finally {
        await owner[Symbol.asyncDispose]();
      }
      expect(writerOn(mount.root).value(EXCLUSIVE)).toMatchObject({ epoch: 2 });
    },
    PATIENCE,
  );

  it.each(['', '{"host":', 'null', '{"host":"elsewhere","bootId":"x","pid":1,"startTime":"1"}'])(
    'an owner file that proves nothing (%s) refuses an exclusive claim, unless it takes over',
    (text) => {
      using mount = temporaryMount();
      claimedWriter(mount.root);
      fs.writeFileSync(join(mount.root, '.patchgen/staging/1/owner'), text);
      expect(writerOn(mount.root).reason(EXCLUSIVE)).toBe('RootUnusable');
      expect(writerOn(mount.root).value(TAKE_OVER)).toMatchObject({ epoch: 2 });
    },
  );

  it('a later process with the pid of the dead owner does not count as the owner', () => {
    using mount = temporaryMount();
    const { site } = claimedWriter(mount.root);
    fs.writeFileSync(
      join(mount.root, '.patchgen/staging/1/owner'),
      JSON.stringify({ ...site.claimant, startTime: '1' }),
    );
    expect(writerOn(mount.root).value(EXCLUSIVE)).toMatchObject({ epoch: 2 });
  });

  it(
    'of many that claim at once each gets a number of its own, and the last one holds the root',
    async () => {
      using mount = temporaryMount();
      claimedWriter(mount.root);
      const lines = await Promise.all(
        [1, 2, 3, 4].map(() => runChild({ root: mount.root, steps: [{ calls: [CLAIM] }] })),
      );
      const answers = lines.map(([line]) => line?.answers?.[0]);
      const epochs = answers.flatMap((answer) => (answer?.ok ? [(answer.value as { epoch: number }).epoch] : []));
      expect(new Set(epochs).size).toBe(epochs.length);
      expect(
        answers
          .filter((answer) => answer?.ok === false)
          .every((answer) => answer?.failure?.reason === 'LeadershipLost'),
      ).toBe(true);
      expect(fs.readdirSync(join(mount.root, '.patchgen/staging'))).toEqual([`${Math.max(...epochs)}`]);
    },
    PATIENCE,
  );
});

describe('one root', () => {
  const SELF_TEST: Call = { id: 0, name: 'selfTest', argument: undefined };

  it(
    'two pods that make it at once agree on its identity',
    async () => {
      using mount = temporaryMount();
      const script = { root: mount.root, steps: [{ calls: [SELF_TEST] }] };
      await using slow = startChild({ ...script, at: { point: 'identity-written', nth: 1, signal: 'SIGSTOP' } });
      expect(await slow.line()).toEqual({ stopped: 'identity-written' });
      const [quick] = await runChild(script);
      slow.resume();
      expect((await slow.line())?.answers).toEqual(quick?.answers);
      expect(residueOf(mount.root)).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'a crowd of pods agrees on it',
    async () => {
      using mount = temporaryMount();
      const lines = await Promise.all(
        Array.from({ length: 6 }, () => runChild({ root: mount.root, steps: [{ calls: [SELF_TEST] }] })),
      );
      expect(new Set(lines.map(([line]) => JSON.stringify(line?.answers))).size).toBe(1);
      expect(reasonsOf(lines[0]?.[0])).toEqual(['ok']);
    },
    PATIENCE,
  );
});

describe('publication meets collection', () => {
  it(
    'an entry that a stopped publisher was about to link is not linked once another process has swept it',
    async () => {
      using mount = temporaryMount();
      const first = claimedWriter(mount.root);
      first.publish('shop/web', 1);
      first.publish('shop/web', 2);
      await using old = startChild({
        root: mount.root,
        steps: [{ calls: [CLAIM] }, { calls: [publishCall('shop/other', 1)] }],
        at: { point: 'link-made-checked', nth: 1, signal: 'SIGSTOP' },
      });
      await old.line();
      expect(await old.line()).toEqual({ stopped: 'link-made-checked' });
      expect(claimedWriter(mount.root).value(SWEEP)).toEqual({ removed: 1, pending: 0 });
      old.resume();
      expect(reasonsOf(await old.line())).toEqual(['LeadershipLost']);
      expect(fs.readdirSync(join(mount.root, 'shop'))).toEqual(['web']);
    },
    PATIENCE,
  );
});

function allText(root: string): string {
  return treeOf(root)
    .map((name) => join(root, name))
    .filter((path) => fs.lstatSync(path).isFile())
    .map((path) => fs.readFileSync(path, 'utf8'))
    .join('\n');
}
