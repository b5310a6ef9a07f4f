import { groupOf } from '../api/custom-kind.ts';
import type { NamespaceMatch, PatchPolicySpec, TargetMatch } from '../api/schema/patchpolicy.ts';
import { anyGlobMatches } from './glob.ts';
import type { Labels, PolicyInput, Unknown } from './input.ts';
import { all, any, type Match, matchIf, selects } from './labels.ts';

export interface Applies {
  readonly match: Match;
  /** The members of `match` that settle it: those that do not hold, or else those that can't be decided. */
  readonly because: readonly string[];
}

/**
 * Whether a policy applies to an intent. `namespaces` holds when the namespace of the intent or that of its target is
 * selected: whoever guards a namespace guards it against intents from elsewhere too.
 */
export function applies({ match = {} }: PatchPolicySpec, input: PolicyInput): Applies {
  const { intent, target } = input;
  const members: readonly (readonly [string, Match])[] = [
    [
      'namespaces',
      any(
        ownNamespace(match.namespaces, input),
        namespaceSelected(match.namespaces, target.namespace, target.namespaceLabels),
      ),
    ],
    ['targets', targetSelected(match.targets, input)],
    ['intentTypes', matchIf(match.intentTypes === undefined || match.intentTypes.some((type) => type === intent.type))],
    [
      'sources',
      matchIf(
        match.sources === undefined || (intent.source !== undefined && anyGlobMatches(match.sources, intent.source)),
      ),
    ],
  ];
  const result = all(...members.map(([, member]) => member));
  return { match: result, because: members.filter(([, member]) => member === result).map(([name]) => name) };
}

/** Whether the namespace of the intent itself is selected. */
export function ownNamespace(match: NamespaceMatch | undefined, { intent }: PolicyInput): Match {
  return namespaceSelected(match, intent.namespace, intent.namespaceLabels);
}

export function namespaceSelected(match: NamespaceMatch | undefined, name: string, labels: Labels | Unknown): Match {
  if (match === undefined) return 'yes';
  return all(matchIf(match.names === undefined || anyGlobMatches(match.names, name)), selects(match.selector, labels));
}

function targetSelected(match: TargetMatch | undefined, { target }: PolicyInput): Match {
  if (match === undefined) return 'yes';
  const { kinds, names, selector } = match;
  // An object is the same in all versions of its group, so naming another one is no way out.
  const kind = kinds?.some(
    ({ kind, apiVersion = target.apiVersion }) =>
      kind === target.kind && groupOf(apiVersion) === groupOf(target.apiVersion),
  );
  return all(
    matchIf(kind ?? true),
    matchIf(names === undefined || anyGlobMatches(names, target.name)),
    selects(selector, target.labels),
  );
}
