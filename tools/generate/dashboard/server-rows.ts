import { chosen, quantilesOf, type Row, rateOf } from './panel.ts';

const CLIENT: Row = {
  title: 'API server',
  panels: [
    {
      title: 'Requests by answer',
      description: '<error>: no answer came.',
      kind: 'timeseries',
      unit: 'reqps',
      queries: [{ expr: `sum by (code) (${rateOf('rest_client_requests_total')})`, legend: '{{code}}' }],
    },
    {
      title: 'Requests by method',
      description: 'GET: lists, watches and live reads. PUT: status and Lease. POST and PATCH: Events.',
      kind: 'timeseries',
      unit: 'reqps',
      queries: [{ expr: `sum by (method) (${rateOf('rest_client_requests_total')})`, legend: '{{method}}' }],
    },
    {
      title: 'Failed requests',
      description: 'Part of the requests that failed, were throttled, or got no answer.',
      kind: 'timeseries',
      unit: 'percentunit',
      queries: [
        {
          expr: `sum(${rateOf('rest_client_requests_total', 'code=~"<error>|429|5.."')}) / sum(${rateOf('rest_client_requests_total')})`,
          legend: 'failed',
        },
      ],
    },
  ],
};

const WATCH: Row = {
  title: 'Watch and Lease',
  panels: [
    {
      title: 'Last contact of the watch',
      description: 'Bookmarks come about once a minute.',
      kind: 'timeseries',
      unit: 's',
      queries: [{ expr: chosen('patchgen_watch_last_contact_seconds'), legend: '{{pod}}' }],
    },
    {
      title: 'Events of the watch',
      description: 'What the API server told.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (type) (${rateOf('patchgen_watch_events_total')})`, legend: '{{type}}' }],
    },
    {
      title: 'Watches that began anew',
      description: 'ended: the ordinary end after some minutes. expired and the others lead to a full list.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (cause) (${rateOf('patchgen_watch_restarts_total')}) > 0`, legend: '{{cause}}' }],
    },
    {
      title: 'Lists',
      description: 'Full lists read.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (result) (${rateOf('patchgen_lists_total')})`, legend: '{{result}}' }],
    },
    {
      title: 'Intents in the last list',
      description: 'Objects in the last full list of each pod.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: chosen('patchgen_list_items'), legend: '{{pod}}' }],
    },
    {
      title: 'Who leads',
      description: '1: leads and has claimed the root. A pod may be elected and not lead yet.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: chosen('patchgen_leading'), legend: '{{pod}} leads' },
        { expr: chosen('leader_election_master_status'), legend: '{{pod}} elected' },
      ],
    },
    {
      title: 'Time of a renewal',
      description: 'Attempts to take or renew the Lease, those of standbys included.',
      kind: 'timeseries',
      unit: 's',
      queries: quantilesOf('patchgen_lease_attempt_seconds'),
    },
    {
      title: 'Attempts at the Lease',
      description: 'Of a standby every attempt fails while another one leads.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [
        { expr: `sum by (pod, result) (${rateOf('patchgen_lease_attempts_total')})`, legend: '{{pod}} {{result}}' },
      ],
    },
    {
      title: 'Changes of the leader',
      description: 'Within the last hour, as the Lease tells.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `max(changes(${chosen('patchgen_lease_transitions')}[1h]))`, legend: 'changes' }],
    },
  ],
};

export const SERVER_ROWS: readonly Row[] = [CLIENT, WATCH];
