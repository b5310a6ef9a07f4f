import { chosen, type Row, rateOf } from './panel.ts';

const STORAGE: Row = {
  title: 'Storage and packages',
  panels: [
    {
      title: 'Space',
      description: 'Below what is needed nothing is published.',
      kind: 'timeseries',
      unit: 'bytes',
      queries: [
        { expr: chosen('patchgen_storage_available_bytes'), legend: '{{pod}} free' },
        { expr: chosen('patchgen_storage_size_bytes'), legend: '{{pod}} size' },
        { expr: `max(${chosen('patchgen_storage_needed_bytes')})`, legend: 'needed' },
      ],
    },
    {
      title: 'Inodes',
      description: 'A package takes eight. 0 of 0: the file system does not count them.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        { expr: chosen('patchgen_storage_free_inodes'), legend: '{{pod}} free' },
        { expr: chosen('patchgen_storage_inodes'), legend: '{{pod}} all' },
      ],
    },
    {
      title: 'Usable',
      description: '1: packages can be written.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: chosen('patchgen_storage_usable'), legend: '{{pod}}' }],
    },
    {
      title: 'Packages over time',
      description: 'Packages under the root of the leader.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `max(${chosen('patchgen_packages')})`, legend: 'packages' }],
    },
    {
      title: 'Oldest call to the volume',
      description: 'For how long the publisher thread has been at its oldest call. Two minutes fail liveness.',
      kind: 'timeseries',
      unit: 's',
      queries: [{ expr: chosen('patchgen_publisher_oldest_call_seconds'), legend: '{{pod}}' }],
    },
    {
      title: 'Publisher threads',
      description: '1: the thread that writes is there.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: chosen('patchgen_publisher_up'), legend: '{{pod}}' }],
    },
  ],
};

const REMOVALS: Row = {
  title: 'Removals and Events',
  panels: [
    {
      title: 'Removals held, by cause',
      description: 'Packages without an intent that are kept for now; docs/lifecycle.md explains the causes.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: `max by (cause) (${chosen('patchgen_removals_held')})`, legend: '{{cause}}' }],
    },
    {
      title: 'Removals',
      description: 'Packages removed.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum(${rateOf('patchgen_removals_total')})`, legend: 'removed' }],
    },
    {
      title: 'Events sent',
      description: 'aggregated: counted in a series that was sent before.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (result) (${rateOf('patchgen_events_total')})`, legend: '{{result}}' }],
    },
    {
      title: 'Events given up',
      description: 'By cause.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum by (cause) (${rateOf('patchgen_events_dropped_total')})`, legend: '{{cause}}' }],
    },
    {
      title: 'Log lines lost',
      description: 'Since the start of each pod.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: chosen('patchgen_log_lines_dropped'), legend: '{{pod}}' }],
    },
    {
      title: 'Unreadable versions of intents',
      description: 'Object versions that were left out.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [{ expr: `sum(${rateOf('patchgen_undecodable_objects_total')})`, legend: 'left out' }],
    },
  ],
};

const PROCESS: Row = {
  title: 'Processes',
  panels: [
    {
      title: 'CPU',
      description: 'Cores in use.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: rateOf('process_cpu_seconds_total'), legend: '{{pod}}' }],
    },
    {
      title: 'Memory',
      description: 'Resident memory, which is what the limit of the container counts, and the heap in it.',
      kind: 'timeseries',
      unit: 'bytes',
      queries: [
        { expr: chosen('process_resident_memory_bytes'), legend: '{{pod}} resident' },
        { expr: chosen('nodejs_heap_size_used_bytes'), legend: '{{pod}} heap used' },
        { expr: chosen('nodejs_external_memory_bytes'), legend: '{{pod}} external' },
      ],
    },
    {
      title: 'Delay of the event loop',
      description: 'The slowest hundredth since the last scrape.',
      kind: 'timeseries',
      unit: 's',
      queries: [{ expr: chosen('nodejs_eventloop_lag_p99_seconds'), legend: '{{pod}}' }],
    },
    {
      title: 'Open files',
      description: 'File descriptors, connections included.',
      kind: 'timeseries',
      unit: 'short',
      queries: [{ expr: chosen('process_open_fds'), legend: '{{pod}}' }],
    },
    {
      title: 'Age and version',
      description: 'Time since the start of each process.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        {
          expr: `(time() - ${chosen('process_start_time_seconds')}) * on (namespace, job, instance) group_left (version) ${chosen('patchgen_build_info')}`,
          legend: '{{pod}} {{version}}',
        },
      ],
    },
  ],
};

export const POD_ROWS: readonly Row[] = [STORAGE, REMOVALS, PROCESS];
