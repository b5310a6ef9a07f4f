import { type AlertCases, all, set, WHILE_BURST } from './story.ts';

const PENDING = 'patchgen_approvals_pending';
const OLDEST = 'patchgen_approvals_pending_oldest_seconds';
const BROKEN = 'patchgen_approval_guard{state="broken",pod="a"}';
const INTACT = 'patchgen_approval_guard{state="intact",pod="a"}';
const MANAGED = 'patchgen_conflicts{by="autoscaler"}';
const LOST = 'patchgen_conflicts{by="intent"}';
const DENIED = 'patchgen_policy_denials_total{rule="replicas.max",pod="a"}';
const DENIED_OTHERWISE = 'patchgen_policy_denials_total{rule="require.reason",pod="a"}';
const INVALID = 'patchgen_policies{ready="False"}';
const UNRESOLVED = 'patchgen_intents_not_ready{reason="PolicyUnresolved"}';
const NOT_RESERVED = 'patchgen_policy_reservations_total{result="failed",pod="a"}';
const NOT_WRITTEN = 'patchgen_policy_writes_total{result="failed",pod="a"}';
const BRAKING = 'patchgen_policies_braking';
const NO_POLICIES = 'patchgen_watch_unreadable{resource="patchpolicies",pod="b"}';
const UNREADABLE = 'patchgen_plan_reads_total{result="unreadable",pod="a"}';
const UNANSWERED = 'patchgen_plan_reads_total{result="failed",pod="a"}';

/** For each alert about policies, approvals and plans what makes it fire, and what looks like it and must not. */
export const CASES_OF_POLICIES: Readonly<Record<string, AlertCases>> = {
  PatchgenApprovalsWaiting: {
    fires: { 'for a day and an hour': { change: all(set(PENDING, '1x120'), set(OLDEST, '86400+60x120')) } },
    staysQuiet: {
      'since yesterday': { change: all(set(PENDING, '1x120'), set(OLDEST, '72000+60x120')), at: [60, 120] },
      'somebody approves the oldest': {
        change: all(set(PENDING, '2x60 1x60'), set(OLDEST, '83000+60x59 600+60x60')),
        at: [59, 60, 70],
      },
    },
  },
  PatchgenApprovalsUnguarded: {
    fires: { 'the binding is gone': { change: all(set(PENDING, '2x120'), set(BROKEN, '0x40 1x80')) } },
    staysQuiet: {
      // 0 in words of their own: series that are 0 all the time are left out.
      'nothing waits': { change: all(set(PENDING, '0x120'), set(BROKEN, '1x120')) },
      'the guard is as it should be': {
        change: all(set(PENDING, '2x120'), set(INTACT, '1x120'), set(BROKEN, '0x120')),
      },
      'nobody has asked yet': { change: all(set(PENDING, '2x120'), set(BROKEN, '0x120')) },
      'it is installed again soon': {
        change: all(set(PENDING, '2x120'), set(BROKEN, '0x40 1x8 0x80'), set(INTACT, '1x40 0x8 1x80')),
        at: [45, 48, 50, 60],
      },
    },
  },
  PatchgenConflicts: {
    fires: {
      'an autoscaler has the field': { change: set(MANAGED, '0x20 1x100'), at: [85] },
      'older intents have the field': { change: set(LOST, '3x120'), at: [65] },
    },
    staysQuiet: { 'it is settled within the hour': { change: set(LOST, '0x10 3x50 0x60'), at: [30, 59, 61, 75] } },
  },
  PatchgenDenials: {
    fires: { 'a machine asks for more than it may, again and again': { change: set(DENIED, '0x20 1+1x100') } },
    staysQuiet: {
      'a few': { change: all(set(DENIED, '0x30 15x90'), set(DENIED_OTHERWISE, '0x40 15x80')) },
      'many of yesterday, and a restart': { change: set(DENIED, '500x40 0x60') },
    },
  },
  PatchgenPolicyInvalid: {
    fires: { 'a schedule that never comes': { change: set(INVALID, '0x40 1x80') } },
    staysQuiet: {
      'it is corrected at once': { change: set(INVALID, '0x50 1x3 0x60'), at: [51, 54, 60] },
      'nobody has looked at it yet': { change: set('patchgen_policies{ready="Unknown"}', '3x120') },
    },
  },
  PatchgenPolicyUnresolved: {
    fires: { 'labels are not known': { change: set(UNRESOLVED, '0x20 4x100') } },
    staysQuiet: { 'for some minutes': { change: set(UNRESOLVED, '0x20 4x25 0x80'), at: [44, 60] } },
  },
  PatchgenPolicyWritesFailing: {
    fires: {
      'no place can be reserved': { change: set(NOT_RESERVED, '0x20 1+1x100') },
      'the status is forbidden': { change: set(NOT_WRITTEN, '0x20 1+1x100') },
    },
    staysQuiet: {
      'the API server was away': {
        change: all(set(NOT_RESERVED, '0x30 50x90'), set(NOT_WRITTEN, '0x30 9x90')),
        at: WHILE_BURST,
      },
      'limits refuse, and writes collide': {
        change: all(
          set('patchgen_policy_reservations_total{result="refused",pod="a"}', '0+5x120'),
          set('patchgen_policy_writes_total{result="conflict",pod="a"}', '0+1x120'),
        ),
      },
    },
  },
  PatchgenStormBrake: {
    fires: { 'it trips': { change: set(BRAKING, '0x59 1x60') } },
    staysQuiet: { 'its cool-down is over': { change: set(BRAKING, '0x20 1x30 0x60'), at: [60, 75] } },
  },
  PatchgenSurroundingsUnreadable: {
    fires: { 'a right is missing': { change: set(NO_POLICIES, '0x40 1x80') } },
    staysQuiet: { 'rights were just granted': { change: set(NO_POLICIES, '0x40 1x8 0x80'), at: [45, 48, 60] } },
  },
  PatchgenTargetsUnreadable: {
    fires: {
      'a right is missing': { change: set(UNREADABLE, '0+1x120') },
      'no answer comes': { change: set(UNANSWERED, '0x5 1+2x110') },
    },
    staysQuiet: {
      'targets are missing, or cannot be scaled': {
        change: all(
          set('patchgen_plan_reads_total{result="missing",pod="a"}', '0+5x120'),
          set('patchgen_plan_reads_total{result="unsupported",pod="a"}', '0+5x120'),
        ),
      },
      'the API server was away': { change: set(UNANSWERED, '0x20 300x100'), at: [21, 30, 45, 50, 65, 70] },
    },
  },
};
