import { type AlertCases, all, copy, drop, ELSEWHERE, gone, set, WHILE_BURST } from './story.ts';

const STARTS = 'process_start_time_seconds{pod="a"}';
const OLDEST_CALL = 'patchgen_publisher_oldest_call_seconds{pod="b"}';
const LAG = 'nodejs_eventloop_lag_p99_seconds{pod="a"}';
const FREE = 'patchgen_storage_available_bytes{pod="a"}';
const INODES = 'patchgen_storage_free_inodes{pod="a"}';
const CONTACT = 'patchgen_watch_last_contact_seconds{pod="b"}';
const ANSWERED = 'rest_client_requests_total{code="200",method="PUT",pod="a"}';
const RENEWALS = 'patchgen_lease_attempt_seconds_bucket{pod="a"}';
const FORBIDDEN_EVENTS = 'patchgen_events_dropped_total{cause="forbidden",pod="a"}';
const LINES = 'patchgen_log_lines_dropped{pod="a"}';

/** For each alert about pods, volumes and the API server what makes it fire, and what looks like it and must not. */
export const CASES_OF_PODS: Readonly<Record<string, AlertCases>> = {
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
