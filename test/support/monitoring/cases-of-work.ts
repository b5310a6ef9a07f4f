import { type AlertCases, all, set, WHILE_BURST } from './story.ts';

const INVALID = 'patchgen_intents_not_ready{reason="InvalidSpec"}';
const REJECTED = 'patchgen_intents_not_ready{reason="ApprovalRejected"}';
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

/** For each alert about intents and work what makes it fire, and what looks like it and must not. */
export const CASES_OF_WORK: Readonly<Record<string, AlertCases>> = {
  PatchgenIntentsStalled: {
    fires: { 'an invalid intent': { change: set(INVALID, '0x20 1x100') } },
    staysQuiet: {
      'it is corrected soon': { change: set(INVALID, '0x20 1x25 0x60'), at: [44, 60] },
      'intents are suspended': { change: set(SUSPENDED, '5x120') },
      'somebody has rejected plans': { change: set(REJECTED, '5x120') },
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
};
