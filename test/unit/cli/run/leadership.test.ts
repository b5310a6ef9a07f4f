import { expect, test } from 'vitest';
import { type Leadership, startLeadership } from '../../../../src/cli/run/leadership.ts';
import type { Term } from '../../../../src/cli/run/term.ts';
import { loadSettings } from '../../../../src/config/load.ts';
import { systemClock } from '../../../../src/platform/clock.ts';
import type { KubeClient } from '../../../../src/platform/kubernetes/client.ts';
import { silentLog } from '../../../../src/platform/log.ts';
import { systemRandom } from '../../../../src/platform/random.ts';

test('a term begins only when changes are told to it, so that none falls between its view of the store and its start', async () => {
  const begun = Promise.withResolvers<Term | undefined>();
  const term = {
    identity: { rootId: 'root', epoch: 1 },
    begin: () => begun.resolve(leadership.term()),
  } as unknown as Term;
  const leadership: Leadership = startLeadership({
    settings: loadSettings({ leaderElect: 'false' }, {}, () => ''),
    client: {} as KubeClient,
    identity: 'me',
    leaseNamespace: 'default',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: { leading: () => {}, attempted: () => {} },
    deadline: { set: () => {}, mayWrite: () => true },
    ready: async () => {},
    startTerm: async () => term,
    onLease: () => {},
    onLost: () => {},
  });
  expect(await begun.promise).toBe(term);
});
