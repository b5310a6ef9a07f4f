import type { CompiledPolicy } from './compile.ts';
import { globMatches } from './glob.ts';
import type { PolicyInput } from './input.ts';
import type { Opinion } from './verdict.ts';

/** What the intent must say. */
export function requireOpinions({ spec }: CompiledPolicy, { intent }: PolicyInput): readonly Opinion[] {
  if (spec.require === undefined) return [];
  const { reason, correlationId, source } = spec.require;
  return [
    ...(reason === true ? [said('reason', (intent.reason ?? '').trim() !== '', 'spec.reason says why')] : []),
    ...(correlationId === true
      ? [said('correlationId', (intent.correlationId ?? '') !== '', 'spec.correlationId is there')]
      : []),
    ...(source === undefined
      ? []
      : [said('source', globMatches(source, intent.source ?? ''), `spec.source is like ${JSON.stringify(source)}`)]),
  ];
}

function said(name: string, holds: boolean, what: string): Opinion {
  return { rule: `require.${name}`, result: holds ? 'Allow' : 'Refuse', message: holds ? what : `not so: ${what}` };
}
