import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fileKeyOf,
  loadSettings,
  rowOf,
  SETTING_NAMES,
  SettingError,
  type Settings,
  unknownVariables,
  variableOf,
} from '../../../src/config.ts';

const noFile = (): string => {
  throw Object.assign(new Error("ENOENT: no such file or directory, open '/etc/patchgen.yaml'"), { code: 'ENOENT' });
};
const load = (flags: Record<string, unknown> = {}, env: Record<string, string> = {}, file?: string): Settings =>
  loadSettings(
    file === undefined ? flags : { config: '/etc/patchgen.yaml', ...flags },
    env,
    file === undefined ? noFile : () => file,
  );
const refusal = (...args: Parameters<typeof load>): string => {
  try {
    load(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingError);
    return (error as SettingError).message;
  }
  throw new Error('the settings were accepted');
};

describe('precedence', () => {
  test('without anything given, the defaults of the design hold', () => {
    expect(load()).toEqual({
      outputDir: '/var/lib/patchgen',
      minFreeSpaceBytes: 1_048_576,
      gcGraceMs: 3_600_000,
      brakeCount: 20,
      brakeFraction: 0.5,
      takeOver: false,
      workers: 16,
      resyncIntervalMs: 600_000,
      validationTimeoutMs: 30_000,
      strictMode: false,
      livePlans: true,
      planDryRun: false,
      policies: true,
      approvalGuard: true,
      kubeconfig: undefined,
      context: undefined,
      watchNamespaces: [],
      allowedTargetNamespaces: [],
      leaderElect: true,
      leaderElectionId: 'patchgen',
      leaderElectionNamespace: undefined,
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      metricsBindAddress: { host: undefined, port: 8080 },
      healthProbeBindAddress: { host: undefined, port: 8081 },
      debug: false,
    });
  });

  test.each(['flag', 'environment', 'file'] as const)('%s beats all that stand below it', (highest) => {
    const flags = highest === 'flag' ? { workers: '3' } : {};
    const env = highest === 'file' ? {} : { PATCHGEN_WORKERS: '4' };
    expect(load(flags, env, 'workers: 5').workers).toBe({ flag: 3, environment: 4, file: 5 }[highest]);
  });

  test('an empty variable and an empty file value count as not given', () => {
    expect(load({}, { PATCHGEN_WORKERS: '', PATCHGEN_WATCH_NAMESPACES: '' }, 'gcGrace:\nworkers: 7')).toMatchObject({
      workers: 7,
      gcGraceMs: 3_600_000,
      watchNamespaces: [],
    });
  });

  test('an empty list flag empties a list of the environment', () => {
    expect(load({ watchNamespaces: '' }, { PATCHGEN_WATCH_NAMESPACES: 'a' }).watchNamespaces).toEqual([]);
  });

  test('the config file can be named by the environment', () => {
    const settings = loadSettings({}, { PATCHGEN_CONFIG: '/c.yaml' }, (path) =>
      path === '/c.yaml' ? 'debug: true' : noFile(),
    );
    expect(settings.debug).toBe(true);
  });

  test('file values may be written as YAML values or as text', () => {
    const file =
      'workers: 8\nbrakeFraction: 0.25\ndebug: "true"\nwatchNamespaces: [shop, bank]\nallowedTargetNamespaces: "a, b"\nminFreeSpace: 4096';
    expect(load({}, {}, file)).toMatchObject({
      workers: 8,
      brakeFraction: 0.25,
      debug: true,
      watchNamespaces: ['shop', 'bank'],
      allowedTargetNamespaces: ['a', 'b'],
      minFreeSpaceBytes: 4096,
    });
  });
});

describe('refusals are one line that names the source and what is allowed', () => {
  test.each([
    [{ workers: '0' }, {}, undefined, '--workers: must be a whole number between 1 and 256, got "0"'],
    [{}, { PATCHGEN_STRICT_MODE: 'yes' }, undefined, 'PATCHGEN_STRICT_MODE: must be true or false, got "yes"'],
    [{}, {}, 'gcGrace: 5', '/etc/patchgen.yaml: gcGrace: must be a duration of at least 0s, such as 1h, got "5"'],
    [{}, {}, 'workers: [1, 2]', '/etc/patchgen.yaml: workers: must be a whole number between 1 and 256, got "1,2"'],
    [{}, {}, 'workers: {a: 1}', '/etc/patchgen.yaml: workers: must be one value or a list, got a mapping'],
    [{}, {}, '- workers', '/etc/patchgen.yaml: must be a YAML mapping of settings, such as "workers: 16"'],
  ] as const)('%j %j %j', (flags, env, file, message) => {
    expect(refusal(flags, env, file)).toBe(message);
  });

  test.each([
    'workrs: 3',
    'output-dir: /x',
    '__proto__: {workers: 3}',
    'constructor: 1',
    'outputDir: /x\nleaseDurationMs: 5s',
  ])('an unknown key of the file is refused: %s', (file) => {
    expect(refusal({}, {}, file)).toMatch(
      /^\/etc\/patchgen\.yaml: unknown setting "[^"]+"; known are allowedTargetNamespaces, /,
    );
  });

  test.each(['workers: [', 'workers: 1\nworkers: 2', 'a: *b'])(
    'a file that is no YAML is refused in one line: %j',
    (file) => {
      const message = refusal({}, {}, file);
      expect(message).toMatch(/^\/etc\/patchgen\.yaml: cannot be read as a config file: /);
      expect(message).not.toContain('\n');
    },
  );

  test('a file that is not there is refused', () => {
    expect(refusal({ config: '/etc/patchgen.yaml' })).toContain('ENOENT');
  });

  test('the lease times must leave room for each other, and the message names both and their sources', () => {
    expect(refusal({ leaderElectionRenewDeadline: '20s' })).toBe(
      '--leader-election-lease-duration (15s, default) must be longer than --leader-election-renew-deadline (20s, --leader-election-renew-deadline)',
    );
    expect(refusal({}, { PATCHGEN_LEADER_ELECTION_RETRY_PERIOD: '8.4s' })).toContain(
      'must be longer than 1.2 times --leader-election-retry-period (8.4s, PATCHGEN_LEADER_ELECTION_RETRY_PERIOD)',
    );
  });

  test('a wrong setting that a command does not use does not stop it', () => {
    expect(loadSettings({}, { PATCHGEN_WORKERS: 'many' }, noFile, ['debug'])).toEqual({ debug: false });
  });

  test('whatever the text, the answer is a value or a SettingError of one line', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SETTING_NAMES), fc.string({ unit: 'binary' }), (name, text) => {
        try {
          load({ [fileKeyOf(rowOf(name).flag)]: text });
        } catch (error) {
          expect(error).toBeInstanceOf(SettingError);
          expect((error as SettingError).message).not.toMatch(/[\n\r]/);
        }
      }),
    );
  });
});

test('a variable that looks like a setting and is none is told, one that Kubernetes makes is not', () => {
  const env = {
    PATCHGEN_WORKERS: '1',
    PATCHGEN_CONFIG: '/x',
    PATCHGEN_WORKRES: '1',
    PATCHGEN_SERVICE_HOST: '10.0.0.1',
    PATCHGEN_PORT: 'tcp://10.0.0.1:80',
    PATCHGEN_METRICS_SERVICE_PORT_HTTP: '8080',
    PATCHGEN_METRICS_PORT_8080_TCP_ADDR: '10.0.0.1',
    PATH: '/bin',
  };
  expect(unknownVariables(env)).toEqual(['PATCHGEN_WORKRES']);
});

describe('the table', () => {
  test('every default is a value that the setting allows', () => {
    const refused = SETTING_NAMES.filter((name) => {
      const { default: text, kind } = rowOf(name);
      return text !== undefined && kind.parse(text) === undefined;
    });
    expect(refused).toEqual([]);
  });

  test('flags, variables and file keys are unique', () => {
    const flags = SETTING_NAMES.map((name) => rowOf(name).flag);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(flags.map(variableOf)).size).toBe(flags.length);
    expect(new Set(flags.map(fileKeyOf)).size).toBe(flags.length);
  });
});
