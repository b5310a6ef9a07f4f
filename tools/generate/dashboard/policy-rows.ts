import { chosen, quantilesOf, type Row, rateOf } from './panel.ts';

const PLANS: Row = {
  title: 'Plans',
  panels: [
    {
      title: 'Looks at targets',
      description: 'missing: planned from the intent alone. unreadable: a right is missing. failed: no answer came.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (result) (${rateOf('patchgen_plan_reads_total')})`, legend: '{{result}}' }],
    },
    {
      title: 'Time of a look at a target',
      description: 'The scale of the target, and its metadata when that has moved.',
      kind: 'timeseries',
      unit: 's',
      queries: quantilesOf('patchgen_plan_read_seconds'),
    },
    {
      title: 'Watched beside the intents',
      description: 'Objects that are kept, by their resource.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `max by (resource) (${chosen('patchgen_watched_objects')})`, legend: '{{resource}}' }],
    },
  ],
};

const APPROVALS: Row = {
  title: 'Approvals and conflicts',
  panels: [
    {
      title: 'Waiting for approval',
      description: 'Intents that wait for people to approve or reject their plan.',
      kind: 'stat',
      unit: 'none',
      width: 4,
      queries: [{ expr: `max(${chosen('patchgen_approvals_pending')})` }],
    },
    {
      title: 'Oldest question',
      description: 'For how long the oldest of them has not been approved. Yellow after a day.',
      kind: 'stat',
      unit: 's',
      width: 4,
      warnFrom: 86_400,
      queries: [{ expr: `max(${chosen('patchgen_approvals_pending_oldest_seconds')})` }],
    },
    {
      title: 'Guard of approvals',
      description:
        'How the admission policies behind approvals were last seen. broken: no approval counts. Nothing: none was needed yet.',
      kind: 'stat',
      unit: 'none',
      width: 4,
      names: true,
      queries: [{ expr: `max by (state) (${chosen('patchgen_approval_guard')}) == 1`, legend: '{{state}}' }],
    },
    {
      title: 'In conflict',
      description: 'Intents whose field an autoscaler or an older intent has.',
      kind: 'stat',
      unit: 'none',
      width: 4,
      warnFrom: 1,
      queries: [{ expr: `max by (by) (${chosen('patchgen_conflicts')})`, legend: '{{by}}' }],
    },
    {
      title: 'Policies',
      description: 'Policies by the status of their Ready condition. Unknown: not looked at since they changed.',
      kind: 'stat',
      unit: 'none',
      width: 4,
      queries: [{ expr: `max by (ready) (${chosen('patchgen_policies')})`, legend: 'Ready {{ready}}' }],
    },
    {
      title: 'Storm brakes',
      description: 'Policies whose storm brake is on.',
      kind: 'stat',
      unit: 'none',
      width: 4,
      warnFrom: 1,
      queries: [{ expr: `max(${chosen('patchgen_policies_braking')})` }],
    },
    {
      title: 'Waiting for people and time',
      description: 'Intents that policies, other owners of the field or strict mode hold back, by reason.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: `max by (reason) (${chosen('patchgen_intents_not_ready', 'class="Waiting"', 'step="admit"')}) > 0`,
          legend: '{{reason}}',
        },
      ],
    },
    {
      title: 'Age of the oldest question',
      description: 'For how long the oldest intent that waits for people has not been approved.',
      kind: 'timeseries',
      unit: 's',
      queries: [{ expr: `max(${chosen('patchgen_approvals_pending_oldest_seconds')})`, legend: 'oldest' }],
    },
    {
      title: 'Conflicts',
      description: 'Intents that do not go ahead because somebody else has their field.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `max by (by) (${chosen('patchgen_conflicts')})`, legend: '{{by}}' }],
    },
  ],
};

const POLICIES: Row = {
  title: 'Policies',
  panels: [
    {
      title: 'Denials by rule',
      description:
        'Status writes within an hour that tell of a refusal by a policy. One change may count more than once.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: `sum by (rule) (increase(${chosen('patchgen_policy_denials_total')}[1h])) > 0`,
          legend: '{{rule}}',
        },
      ],
    },
    {
      title: 'Places under rate limits',
      description: 'refused: the limit was reached. failed: it could not be written, so the change waits.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (result) (${rateOf('patchgen_policy_reservations_total')})`, legend: '{{result}}' }],
    },
    {
      title: 'Time to take a place',
      description: 'Until it stands in the status of the policy.',
      kind: 'timeseries',
      unit: 's',
      queries: quantilesOf('patchgen_policy_reservation_seconds'),
    },
    {
      title: 'Writes to policies',
      description: 'Status writes of policies. conflict: somebody else wrote in between.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (result) (${rateOf('patchgen_policy_writes_total')})`, legend: '{{result}}' }],
    },
    {
      title: 'Cannot be read',
      description: '1: objects of this resource cannot be listed or watched by this pod.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `${chosen('patchgen_watch_unreadable')} == 1`, legend: '{{pod}} {{resource}}' }],
    },
    {
      title: 'Storm brakes over time',
      description: 'Policies whose storm brake is on.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `max(${chosen('patchgen_policies_braking')})`, legend: 'on' }],
    },
  ],
};

export const POLICY_ROWS: readonly Row[] = [PLANS, APPROVALS, POLICIES];
