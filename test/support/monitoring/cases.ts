import { type Track, withCopies, without, withValues } from './tracks.ts';

type Change = (tracks: readonly Track[]) => readonly Track[];

/** What happens to two pods that were well, and the minutes after which it is looked. */
export interface Story {
  readonly change: Change;
  /** Default: 60. */
  readonly at?: readonly number[];
  /** Other alerts that fire too, and should. */
  readonly besides?: readonly string[];
}

export interface AlertCases {
  readonly fires: Readonly<Record<string, Story>>;
  readonly staysQuiet: Readonly<Record<string, Story>>;
}

const set =
  (selector: string, values: string): Change =>
  (tracks) =>
    withValues(tracks, selector, values);
const copy =
  (selector: string, labels: Readonly<Record<string, string>>, values: string): Change =>
  (tracks) =>
    withCopies(tracks, selector, labels, values);
const drop =
  (selector: string): Change =>
  (tracks) =>
    without(tracks, selector);
const all =
  (...changes: readonly Change[]): Change =>
  (tracks) =>
    changes.reduce((now, change) => change(now), tracks);
/** Pods `a` (the leader) and `b` end after so many minutes; their targets go too, or stay and do not answer. */
const gone =
  (pods: string, minutes: number, targets: 'go' | 'stay'): Change =>
  (tracks) =>
    tracks.map((track) => {
      if (!pods.includes(track.labels['pod'] ?? '')) return track;
      const down = targets === 'stay' && track.name === 'up' ? `0x${120 - minutes}` : 'stale';
      return { ...track, values: `${track.values.split(/[ +x]/)[0]}x${minutes} ${down}` };
    });

/** Another program with series of the same names: it is none of our business. */
const ELSEWHERE = { namespace: 'other', job: 'other', instance: 'other:8080', pod: 'other' };
const STARTS = 'process_start_time_seconds{pod="a"}';
const INVALID = 'patchgen_intents_not_ready{reason="InvalidSpec"}';
const SUSPENDED = 'patchgen_intents_not_ready{reason="Suspended"}';
const FULL = 'patchgen_intents_not_ready{reason="StorageFull"}';
const SLOW = 'patchgen_intents_not_ready{reason="ReconcileTimeout"}';
const STATUS_FAILED = 'patchgen_status_writes_total{result="failed",pod="a"}';
const RUNS_FAILED = 'controller_runtime_reconcile_total{result="error",pod="a"}';
const RUNS_GOOD = 'controller_runtime_reconcile_total{result="success",pod="a"}';
const PANICS = 'controller_runtime_reconcile_panics_total{pod="a"}';
const RESTORED = 'patchgen_publish_total{outcome="restored",pod="a"}';
const BRAKE = 'patchgen_removals_held{cause="brake",pod="a"}';
const DEPTH = 'workqueue_depth{pod="a"}';
const LONGEST = 'workqueue_longest_running_processor_seconds{pod="a"}';
const OLDEST_CALL = 'patchgen_publisher_oldest_call_seconds{pod="b"}';
const LAG = 'nodejs_eventloop_lag_p99_seconds{pod="a"}';
const FREE = 'patchgen_storage_available_bytes{pod="a"}';
const INODES = 'patchgen_storage_free_inodes{pod="a"}';
const CONTACT = 'patchgen_watch_last_contact_seconds{pod="b"}';
const ANSWERED = 'rest_client_requests_total{code="200",method="PUT",pod="a"}';
const RENEWALS = 'patchgen_lease_attempt_seconds_bucket{pod="a"}';
const FORBIDDEN_EVENTS = 'patchgen_events_dropped_total{cause="forbidden",pod="a"}';
const LINES = 'patchgen_log_lines_dropped{pod="a"}';
const WHILE_BURST = [31, 35, 40, 45, 50, 60];

/** For each alert what makes it fire, and what looks like it and must not. */
export const CASES: Readonly<Record<string, AlertCases>> = {
  PatchgenAbsent: {
    fires: {
      'all pods are gone': { change: gone('ab', 30, 'go') },
      'nothing was ever seen': { change: () => [] },
    },
    staysQuiet: {
      'one of two is gone': { change: gone('b', 30, 'go') },
      'all pods are replaced within minutes': { change: gone('ab', 57, 'go') },
    },
  },
  PatchgenDown: {
    fires: { 'a pod does not answer': { change: gone('b', 30, 'stay') } },
    staysQuiet: {
      'a pod was missed once': { change: set('up{pod="b"}', '1x56 0x2 1x60') },
      'a target of somebody else is down': { change: copy('up{pod="b"}', ELSEWHERE, '0x120') },
    },
  },
  PatchgenRestarting: {
    fires: { 'three restarts': { change: set(STARTS, '1x40 2x5 3x5 4x60') } },
    staysQuiet: {
      'two restarts': { change: set(STARTS, '1x40 2x5 3x60') },
      'somebody else restarts': { change: copy(STARTS, ELSEWHERE, '1+1x120') },
    },
  },
  PatchgenNotReady: {
    fires: { 'a standby is not ready': { change: set('patchgen_ready{pod="b"}', '1x40 0x60') } },
    staysQuiet: {
      'a pod starts slowly': { change: set('patchgen_ready{pod="b"}', '1x40 0x8 1x60'), at: [45, 48, 60] },
    },
  },
  PatchgenNoLeader: {
    fires: { 'nobody leads': { change: set('patchgen_leading', '1x40 0x60') } },
    staysQuiet: {
      'another one takes over': {
        change: all(set('patchgen_leading{pod="a"}', '1x40 0x80'), set('patchgen_leading{pod="b"}', '0x44 1x60')),
        at: [41, 44, 45, 60],
      },
    },
  },
  PatchgenSeveralLeaders: {
    fires: { 'two lead': { change: set('patchgen_leading', '1x100') } },
    staysQuiet: {
      'both are seen around a change': {
        change: all(set('patchgen_leading{pod="a"}', '1x42 0x80'), set('patchgen_leading{pod="b"}', '0x40 1x60')),
        at: [41, 42, 43, 44, 60],
      },
      'two installations lead': { change: copy('patchgen_leading{pod="a"}', { job: 'patchgen-east' }, '1x100') },
    },
  },
  PatchgenLeaderChanges: {
    fires: { 'five changes within an hour': { change: set('patchgen_lease_transitions', '1x40 2 3 4 5 6x60') } },
    staysQuiet: {
      'an upgrade': { change: set('patchgen_lease_transitions', '1x40 2 3x60') },
      'the Lease was deleted': { change: set('patchgen_lease_transitions', '70x40 0x60') },
      'the first look at a Lease with a history': { change: set('patchgen_lease_transitions{pod="b"}', '_x40 70x60') },
      'no leader election, so no Lease': { change: drop('patchgen_lease_transitions') },
    },
  },
  PatchgenVersionsDiffer: {
    fires: {
      'an old pod stays': {
        change: all(
          drop('patchgen_build_info{pod="b"}'),
          copy('patchgen_build_info{pod="a"}', { version: '9.9.9', pod: 'b', instance: 'b:8080' }, '1x120'),
        ),
        at: [65],
      },
    },
    staysQuiet: {
      'an upgrade is under way': {
        change: copy('patchgen_build_info{pod="a"}', { version: '9.9.9', pod: 'c', instance: 'c:8080' }, '_x5 1x20'),
        at: [20, 66],
      },
    },
  },
  PatchgenIntentsStalled: {
    fires: { 'an invalid intent': { change: set(INVALID, '0x20 1x100') } },
    staysQuiet: {
      'it is corrected soon': { change: set(INVALID, '0x20 1x25 0x60'), at: [44, 60] },
      'intents are suspended': { change: set(SUSPENDED, '5x120') },
    },
  },
  PatchgenPublishFailing: {
    fires: { 'the volume is full': { change: set(FULL, '0x40 3x60') } },
    staysQuiet: { 'it has room again soon': { change: set(FULL, '0x40 3x8 0x60'), at: [45, 48, 60] } },
  },
  PatchgenIntentsFailing: {
    fires: { 'runs take too long': { change: set(SLOW, '0x40 2x60') } },
    staysQuiet: {
      'for some minutes': { change: set(SLOW, '0x40 2x10 0x60'), at: [50, 60] },
      'intents are suspended': { change: set(SUSPENDED, '5x120') },
    },
  },
  PatchgenIntentsOutdated: {
    fires: { 'nobody works on an intent': { change: set('patchgen_intents_outdated_seconds', '0x30 60+60x60') } },
    staysQuiet: {
      'much work for some minutes': {
        change: set('patchgen_intents_outdated_seconds', '0x30 60+60x8 0x60'),
        at: [39, 45],
      },
    },
  },
  PatchgenIntentsUndecodable: {
    fires: { 'an intent cannot be read': { change: set('patchgen_intents_undecodable', '0x40 1x60') } },
    staysQuiet: { 'it is replaced': { change: set('patchgen_intents_undecodable', '0x40 1x12 0x60'), at: [52, 60] } },
  },
  PatchgenStatusWriteErrors: {
    fires: { 'no status can be written': { change: set(STATUS_FAILED, '0x20 1+1x100') } },
    staysQuiet: { 'a burst of failures': { change: set(STATUS_FAILED, '0x30 50x90'), at: WHILE_BURST } },
  },
  PatchgenReconcileErrors: {
    fires: { 'most runs fail': { change: all(set(RUNS_FAILED, '0+5x120'), set(RUNS_GOOD, '0+1x120')) } },
    staysQuiet: {
      'some runs fail': { change: all(set(RUNS_FAILED, '0+1x120'), set(RUNS_GOOD, '0+5x120')) },
      'a burst of failures': { change: set(RUNS_FAILED, '0x30 50x90'), at: WHILE_BURST },
    },
  },
  PatchgenInternalErrors: {
    fires: {
      'a run throws': { change: set(PANICS, '0x50 1x60') },
      'a failure cannot be told': { change: set('patchgen_failure_reports_failed_total{pod="a"}', '0x50 1x60') },
    },
    staysQuiet: { 'an old error, and a restart': { change: set(PANICS, '3x40 0x60') } },
  },
  PatchgenPackagesAltered: {
    fires: { 'something changes packages again and again': { change: set(RESTORED, '0x20 1+1x100') } },
    staysQuiet: { 'somebody changed one once': { change: set(RESTORED, '0x30 1x90'), at: WHILE_BURST } },
  },
  PatchgenRemovalsHeld: {
    fires: { 'the brake is engaged': { change: set(BRAKE, '0x50 25x60') } },
    staysQuiet: { 'somebody confirms it': { change: set(BRAKE, '0x50 25x3 0x60'), at: [53, 60] } },
  },
  PatchgenQueueGrowing: {
    fires: {
      'more comes than is done': { change: set(DEPTH, '0x20 150+5x100') },
      'nothing is done': { change: set(DEPTH, '0x20 150x100') },
    },
    staysQuiet: {
      'many intents at once, and then fewer': { change: set(DEPTH, '0x20 3000-50x60'), at: [30, 40, 50, 60, 75] },
      'a burst': { change: set(DEPTH, '0x40 9000x8 0x60'), at: [45, 48, 60] },
      'a short queue that stays': { change: set(DEPTH, '50x120') },
    },
  },
  PatchgenRunHung: {
    fires: { 'a run does not end': { change: set(LONGEST, '0x40 60+60x60') } },
    staysQuiet: { 'slow runs': { change: set(LONGEST, '70x120') } },
  },
  PatchgenPublisherHung: {
    fires: {
      'a call hangs until liveness restarts the pod': { change: set(OLDEST_CALL, '0x54 30 90 0x60') },
      'the thread does not come back': { change: set('patchgen_publisher_up{pod="b"}', '1x54 0x60') },
    },
    staysQuiet: { 'a slow disk': { change: set(OLDEST_CALL, '30x120') } },
  },
  PatchgenEventLoopSlow: {
    fires: { 'the CPU is throttled': { change: set(LAG, '0x40 3x60') } },
    staysQuiet: {
      'some delay': { change: set(LAG, '0.2x120') },
      'somebody else is slow': { change: copy(LAG, ELSEWHERE, '3x120') },
    },
  },
  PatchgenStorageUnusable: {
    fires: { 'a volume went away': { change: set('patchgen_storage_usable{pod="a"}', '1x40 0x60') } },
    staysQuiet: { 'for a moment': { change: set('patchgen_storage_usable{pod="a"}', '1x50 0x3 1x60'), at: [53, 60] } },
  },
  PatchgenStorageLow: {
    fires: {
      'near the limit': { change: set(FREE, '5e9x40 5e6x60') },
      'a twentieth is free': { change: set(FREE, '5e8x100') },
    },
    staysQuiet: {
      'a twentieth of a large volume': {
        change: all(set(FREE, '5e10x100'), set('patchgen_storage_size_bytes{pod="a"}', '1e12x100')),
      },
      'nobody could look yet': {
        change: all(
          set(FREE, '0x100'),
          set('patchgen_storage_size_bytes{pod="a"}', '0x100'),
          set('patchgen_storage_usable{pod="a"}', '0x100'),
        ),
        besides: ['PatchgenStorageUnusable'],
      },
    },
  },
  PatchgenInodesLow: {
    fires: {
      'few are left': { change: set(INODES, '1e6x40 500x60') },
      'a twentieth is left': { change: set(INODES, '5e4x100') },
    },
    staysQuiet: {
      'a file system that does not count them': {
        change: all(set(INODES, '0x100'), set('patchgen_storage_inodes{pod="a"}', '0x100')),
      },
    },
  },
  PatchgenWatchStale: {
    fires: { 'a standby hears nothing': { change: set(CONTACT, '0x40 60+60x60') } },
    staysQuiet: { 'bookmarks are late': { change: set(CONTACT, '200x120') } },
  },
  PatchgenApiErrors: {
    fires: {
      'every second request fails': {
        change: all(set(ANSWERED, '0+10x120'), copy(ANSWERED, { code: '500' }, '0+10x120')),
      },
      'no request is answered': { change: copy(ANSWERED, { code: '<error>' }, '0+10x120') },
    },
    staysQuiet: {
      'one of twenty fails': {
        change: all(set(ANSWERED, '0+19x120'), copy(ANSWERED, { code: '503' }, '0+1x120')),
      },
      'conflicts are no errors': { change: copy(ANSWERED, { code: '409' }, '0+10x120') },
      'requests of somebody else fail': { change: copy(ANSWERED, { ...ELSEWHERE, code: '500' }, '0+10x120') },
    },
  },
  PatchgenRightsMissing: {
    fires: { 'a right is missing': { change: copy(ANSWERED, { code: '403' }, '0+1x120') } },
    staysQuiet: {
      'a token was renewed late': { change: copy(ANSWERED, { code: '401' }, '0x30 5x90'), at: WHILE_BURST },
      'rights of somebody else': { change: copy(ANSWERED, { ...ELSEWHERE, code: '403' }, '0+1x120') },
    },
  },
  PatchgenLeaseRenewSlow: {
    fires: {
      'renewals take four seconds': {
        change: all(
          set(RENEWALS, '0x120'),
          set('patchgen_lease_attempt_seconds_bucket{pod="a",le=~"5|10|\\\\+Inf"}', '0+10x120'),
        ),
      },
    },
    staysQuiet: {
      'a standby is slow': {
        change: all(
          set('patchgen_lease_attempt_seconds_bucket{pod="b"}', '0x120'),
          set('patchgen_lease_attempt_seconds_bucket{pod="b",le=~"5|10|\\\\+Inf"}', '0+10x120'),
        ),
      },
      'renewals are quick': { change: set(RENEWALS, '0+10x120') },
    },
  },
  PatchgenEventsDropped: {
    fires: { 'Events are forbidden': { change: set(FORBIDDEN_EVENTS, '0+1x120') } },
    staysQuiet: {
      'more Events than the rate allows': { change: set('patchgen_events_dropped_total{cause="rate"}', '0+9x120') },
      'a few': { change: set(FORBIDDEN_EVENTS, '0x30 3x90') },
    },
  },
  PatchgenLogLinesDropped: {
    fires: { 'nobody reads the log': { change: set(LINES, '0x50 9+9x60') } },
    staysQuiet: { 'a restart after losses': { change: set(LINES, '50x50 0x60') } },
  },
};
