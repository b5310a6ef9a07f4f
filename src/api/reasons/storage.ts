import type { ReasonEntry } from './entry.ts';

/** What the volume of the packages does. */
export const STORAGE_REASONS = {
  UnsafePath: {
    class: 'Waiting',
    step: 'publish',
    event: 'Warning',
    summary: 'Something that the operator did not make stands where the package belongs; it was left as it is.',
    action: 'Look at the path in the message and move the foreign thing away; the operator looks again every minute.',
  },
  StorageFull: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'There is not enough space or quota on the volume of the packages.',
    action: 'Free or add space; the last good package stays and the operator tries again.',
  },
  StorageReadOnly: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The volume of the packages is read-only.',
    action: 'Remount it writable; the operator is not Ready until then.',
  },
  StorageForbidden: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The operator may not write to a path under the package root.',
    action: 'Give the path in the message to the user that the operator runs as.',
  },
  StorageIOError: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The volume of the packages reported an input/output error, or went away.',
    action: 'Check the volume; the operator writes the package anew once it answers.',
  },
  StorageBusy: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The process ran out of file descriptors or memory for file operations.',
    action: 'Raise the limit of open files; the operator tries again.',
  },
  RootUnusable: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The package root is missing, of a newer layout, unreadable, or replaced by another volume.',
    action: 'Mount the right volume, or run the operator version that wrote it.',
  },
  PublisherUnavailable: {
    class: 'Transient',
    step: 'publish',
    event: 'Warning',
    summary: 'The publisher thread did not answer.',
    action: 'Look for a hung volume; liveness fails after two minutes and restarts the operator.',
  },
  PackageRestored: {
    class: 'Success',
    step: 'publish',
    event: 'Warning',
    summary:
      'The published package was changed or removed on disk; it was written again, and what was found was kept aside.',
    action: 'Change the intent, not the package; `.patchgen/quarantine` holds the altered files.',
  },
  RemovalHeld: {
    class: 'Waiting',
    step: 'collect',
    event: 'Warning',
    summary: 'Packages without an intent are kept for now, because removing them looks like a mistake of a list.',
    action: 'Wait an hour, or confirm with the annotation that the message names.',
  },
} as const satisfies Record<string, ReasonEntry>;
