import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { GUARDS } from '../../../../src/api/guards/index.ts';
import {
  ApiError,
  type ApiRequest,
  type ApiResponse,
  ConnectionError,
} from '../../../../src/platform/kubernetes/client.ts';
import type { Approval } from '../../../../src/reconcile/permit/approvals.ts';
import { createGuard } from '../../../../src/reconcile/permit/guard.ts';
import { ManualClock, settle } from '../../../support/clock.ts';

interface Stored {
  metadata: Record<string, unknown>;
  spec: Record<string, unknown>;
}

const SIGNAL = new AbortController().signal;
const START = new Date('2026-01-01T00:00:00Z');
const NAMES = ['approver.patchgen.dev', 'requested-by.patchgen.dev'];
const KINDS = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'];

/** Four objects as a server would store them, created an hour before the clock begins; each request is answered by `answer`. */
class Server {
  readonly objects = new Map<string, Stored>();
  readonly asked: string[] = [];
  answer = async (path: string): Promise<unknown> => this.objects.get(path) ?? this.missing();

  constructor() {
    for (const { policy, binding } of [GUARDS.approver, GUARDS['requested-by']]) {
      for (const [index, { metadata, spec }] of [policy, binding].entries()) {
        const created = { ...metadata, generation: 1, creationTimestamp: '2025-12-31T23:00:00Z' };
        this.objects.set(pathOf(KINDS[index] ?? '', metadata.name), {
          metadata: created,
          spec: structuredClone<object>(spec) as Stored['spec'],
        });
      }
    }
  }

  missing(): never {
    throw new ApiError(404, 'NotFound', 'not found');
  }

  async request<T>({ path }: ApiRequest): Promise<ApiResponse<T>> {
    this.asked.push(path);
    return { status: 200, body: (await this.answer(path)) as T, warnings: [] };
  }

  at(kind: string, name: string): Stored {
    const found = this.objects.get(pathOf(kind, name));
    if (found === undefined) throw new Error(`${kind} ${name} is not there`);
    return found;
  }
}

const pathOf = (kind: string, name: string): string => `/apis/admissionregistration.k8s.io/v1/${kind}/${name}`;
const EVERY = KINDS.flatMap((kind) => NAMES.map((name) => [kind, name] as const));

let server: Server;
let clock: ManualClock;
beforeEach(() => {
  server = new Server();
  clock = new ManualClock(START);
});

const guard = (enforce = true) => createGuard(server, { clock, enforce });
const state = () => guard().state(SIGNAL);
const approvalOf = (createdAt: Date): Approval => {
  return { name: 'a', uid: 'a', createdAt, planDigest: 'a'.repeat(64), decision: 'Approve', approver: 'jane' };
};

describe('what is in force', () => {
  test('is trusted since a moment after its last part was created', async () => {
    server.at('validatingadmissionpolicybindings', 'approver.patchgen.dev').metadata.creationTimestamp =
      '2025-12-31T23:30:00Z';
    expect(await state()).toEqual({ trustedSince: new Date('2025-12-31T23:30:05Z') });
  });

  test('is not asked for where it is not wanted', async () => {
    expect(await guard(false).state(SIGNAL)).toBe('not-asked');
    expect(server.asked).toEqual([]);
  });

  for (const [kind, name] of EVERY) {
    const says = `${kind === KINDS[0] ? 'ValidatingAdmissionPolicy' : 'ValidatingAdmissionPolicyBinding'} ${name}`;

    test(`needs ${says}, and says what to do without it`, async () => {
      server.objects.delete(pathOf(kind, name));
      const broken = `${says} is not installed; install the admission policies of this version as they are, with the chart or config/guards`;
      expect(await state()).toEqual({ broken });
    });

    test(`needs ${says} to stay`, async () => {
      server.at(kind, name).metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
      expect(await state()).toEqual({ broken: expect.stringContaining(`${says} is being deleted`) });
    });

    test(`labels and annotations of ${says} are free, also when they were written a moment ago`, async () => {
      const { metadata } = server.at(kind, name);
      metadata.labels = { release: 'x' };
      metadata.managedFields = [{ manager: 'helm', operation: 'Update', time: '2026-01-01T00:00:00Z' }];
      expect(await state()).toEqual({ trustedSince: new Date('2025-12-31T23:00:05Z') });
    });

    test(`${says} that was changed and put back is trusted since then`, async () => {
      const { metadata } = server.at(kind, name);
      metadata.generation = 3;
      metadata.managedFields = [
        { manager: 'helm', time: '2025-12-31T23:00:00Z' },
        { manager: 'kubectl-edit', time: '2025-12-31T23:50:00Z' },
        { manager: 'kube-controller-manager', subresource: 'status', time: '2025-12-31T23:59:00Z' },
      ];
      expect(await state()).toEqual({ trustedSince: new Date('2025-12-31T23:50:05Z') });
    });

    test(`${says} that was changed, nobody knows when, is not trusted`, async () => {
      const { metadata } = server.at(kind, name);
      metadata.generation = 2;
      for (const managedFields of [undefined, [], [{ manager: 'x' }], [{ manager: 'x', time: 'yesterday' }]]) {
        metadata.managedFields = managedFields;
        expect(await state()).toEqual({
          broken: expect.stringContaining(`${says} does not say when it was changed last`),
        });
      }
    });
  }

  const tampered: Readonly<Record<string, readonly [string, string, unknown, string]>> = {
    'a binding that only audits': [KINDS[1] ?? '', 'validationActions', ['Audit'], 'spec.validationActions'],
    'a binding of another policy': [KINDS[1] ?? '', 'policyName', 'other', 'spec.policyName'],
    'a binding for some namespaces': [
      KINDS[1] ?? '',
      'matchResources',
      { namespaceSelector: { matchLabels: { a: 'b' } } },
      'spec.matchResources',
    ],
    'a binding with a parameter': [KINDS[1] ?? '', 'paramRef', { name: 'x' }, 'spec.paramRef'],
    'a policy that fails open': [KINDS[0] ?? '', 'failurePolicy', 'Ignore', 'spec.failurePolicy'],
    'a policy with an exception': [
      KINDS[0] ?? '',
      'matchConditions',
      [{ name: 'x', expression: 'false' }],
      'spec.matchConditions',
    ],
    'a policy over something else': [
      KINDS[0] ?? '',
      'matchConstraints',
      { ...GUARDS.approver.policy.spec.matchConstraints, resourceRules: [] },
      'spec.matchConstraints.resourceRules',
    ],
  };
  for (const [what, [kind, member, value, path]] of Object.entries(tampered)) {
    test(`${what} is no guard, and the message says where it was changed`, async () => {
      for (const name of NAMES) {
        server = new Server();
        server.at(kind, name).spec[member] = value;
        expect(await state()).toEqual({ broken: expect.stringContaining(`${name} was changed at ${path};`) });
      }
    });
  }

  test('any leaf that is taken away or altered is found', async () => {
    const leaves = EVERY.flatMap(([kind, name]) =>
      leavesOf(server.at(kind, name).spec).map((path) => ({ kind, name, path })),
    );
    expect(leaves.length).toBeGreaterThan(30);
    const altering = fc.asyncProperty(fc.constantFrom(...leaves), fc.boolean(), async ({ kind, name, path }, away) => {
      server = new Server();
      alter(server.at(kind, name).spec, path, away);
      expect(await state()).toEqual({ broken: expect.stringContaining(`${name} was changed at spec`) });
    });
    await fc.assert(altering, { numRuns: 150 });
  });
});

describe('an API server', () => {
  test('that forbids the question makes it a broken guard, with what to grant', async () => {
    server.answer = async () => {
      throw new ApiError(403, 'Forbidden', 'no');
    };
    expect(await state()).toEqual({
      broken:
        'the operator may not get validatingadmissionpolicies.admissionregistration.k8s.io; grant it, with the chart or config/rbac',
    });
  });

  test('that does not answer rejects, and is asked again at once', async () => {
    const { answer } = server;
    const one = guard();
    for (const error of [new ConnectionError('reset'), new ApiError(503, 'ServiceUnavailable', 'soon')]) {
      server.answer = async () => {
        throw error;
      };
      await expect(one.state(SIGNAL)).rejects.toBe(error);
    }
    server.answer = answer;
    expect(await one.state(SIGNAL)).toHaveProperty('trustedSince');
  });

  test('is not asked for a run that was called off', async () => {
    const signal = AbortSignal.abort(new Error('called off'));
    await expect(guard().state(signal)).rejects.toThrow('called off');
    expect(server.asked).toEqual([]);
  });
});

describe('what is asked', () => {
  test('is asked once for all that ask at a time', async () => {
    const one = guard();
    await Promise.all(Array.from({ length: 50 }, () => one.state(SIGNAL)));
    expect(server.asked.toSorted()).toEqual(EVERY.map(([kind, name]) => pathOf(kind, name)).toSorted());
  });

  test('is remembered for a few seconds, and then asked again', async () => {
    const one = guard();
    await one.state(SIGNAL);
    await clock.advance(7_000);
    await one.state(SIGNAL, [approvalOf(new Date(START.getTime() - 60_000))]);
    expect(server.asked).toHaveLength(4);
    server.objects.clear();
    await clock.advance(1_000);
    expect(await one.state(SIGNAL)).toHaveProperty('broken');
  });

  test('is asked anew for an approval that is younger than the answer', async () => {
    const one = guard();
    await one.state(SIGNAL);
    await clock.advance(1_000);
    server.objects.clear();
    expect(await one.state(SIGNAL)).toHaveProperty('trustedSince');
    expect(await one.state(SIGNAL, [approvalOf(clock.now())])).toHaveProperty('broken');
  });

  test('is asked anew for a young approval also while the question is under way already', async () => {
    const one = guard();
    const held: (() => void)[] = [];
    const { answer } = server;
    server.answer = async (path) => {
      const stored = await answer(path);
      await new Promise<void>((resolve) => held.push(resolve));
      return stored;
    };
    const early = one.state(SIGNAL);
    await settle();
    await clock.advance(100);
    server.objects.clear();
    const late = one.state(SIGNAL, [approvalOf(clock.now())]);
    server.answer = answer;
    for (const release of held) release();
    expect(await early).toHaveProperty('trustedSince');
    expect(await late).toHaveProperty('broken');
  });
});

/** Paths to all that is no object or list, and to empty ones. */
function leavesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Object.entries(value);
  return entries.length === 0 ? [path] : entries.flatMap(([key, member]) => leavesOf(member, [...path, key]));
}

function alter(root: unknown, path: readonly string[], away: boolean): void {
  const [key = '', ...rest] = path;
  const holder = root as Record<string, unknown>;
  if (rest.length > 0) alter(holder[key], rest, away);
  else if (away) delete holder[key];
  else holder[key] = 'something else';
}
