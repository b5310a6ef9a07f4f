import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabelSelector, PolicyMatch } from '../../../src/api/schema/patchpolicy.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { globMatches } from '../../../src/policy/glob.ts';
import type { Labels } from '../../../src/policy/input.ts';
import { type Match, selects } from '../../../src/policy/labels.ts';
import { applies } from '../../../src/policy/match.ts';
import { policy, policyInput } from '../../support/policies.ts';

describe('globs', () => {
  test.each<[string, string, boolean]>([
    ['shop', 'shop', true],
    ['shop', 'shops', false],
    ['*', '', true],
    ['shop-*', 'shop-', true],
    ['shop-*', 'shop', false],
    ['*-db', 'pay-db', true],
    ['a*a', 'a', false],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxcyyb', false],
    ['*ab*ab*', 'xabx', false],
    ['a.c', 'abc', false],
    ['Shop', 'shop', false],
    ['**', 'x', true],
  ])('%j on %j is %s', (pattern, text, matches) => {
    expect(globMatches(pattern, text)).toBe(matches);
  });

  test('a glob matches what the same regular expression matches', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 12 });
    fc.assert(
      fc.property(texts, texts, (pattern, drawn) => {
        const text = drawn.replaceAll('*', 'a');
        const expected = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*')}$`).test(text);
        expect(globMatches(pattern, text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('the worst pattern on the longest name is done at once', () => {
    // A backtracking matcher would not end within the life of the machine.
    expect(globMatches('a*'.repeat(31) + 'b', 'a'.repeat(253))).toBe(false);
  });
});

describe('selectors', () => {
  const env = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]): LabelSelector => ({
    matchExpressions: [{ key: 'env', operator, ...(values.length > 0 ? { values } : {}) }],
  });
  test.each<[LabelSelector | undefined, Labels | 'unknown', Match]>([
    [undefined, 'unknown', 'yes'],
    [{ matchLabels: { env: 'prod' } }, { env: 'prod', a: 'b' }, 'yes'],
    [{ matchLabels: { env: 'prod', a: 'c' } }, { env: 'prod', a: 'b' }, 'no'],
    [{ matchLabels: { env: '' } }, {}, 'no'],
    [{ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {}, 'no'],
    [{ matchLabels: { env: 'prod' } }, 'unknown', 'unknown'],
    [env('In', 'prod', 'dev'), { env: 'dev' }, 'yes'],
    [env('In', 'prod'), {}, 'no'],
    [env('NotIn', 'prod'), {}, 'yes'],
    [env('NotIn', 'prod'), { env: 'prod' }, 'no'],
    [env('Exists'), { env: '' }, 'yes'],
    [env('Exists'), {}, 'no'],
    [env('DoesNotExist'), {}, 'yes'],
    [env('DoesNotExist'), { env: 'x' }, 'no'],
    [{ ...env('Exists'), matchLabels: { a: 'b' } }, { env: 'x' }, 'no'],
  ])('%j on %j: %s', (selector, labels, match) => {
    expect(selects(selector, labels)).toBe(match);
  });
});

describe('a policy applies', () => {
  const bySelector = { namespaces: { selector: { matchLabels: { env: 'prod' } } } };
  test.each<[string, PolicyMatch, Parameters<typeof policyInput>[0], Match]>([
    ['without a match', {}, {}, 'yes'],
    ['by the namespace of the intent', { namespaces: { names: ['sh*'] } }, { target: { namespace: 'pay' } }, 'yes'],
    ['by the namespace of the target', { namespaces: { names: ['pay'] } }, { target: { namespace: 'pay' } }, 'yes'],
    ['not by another namespace', { namespaces: { names: ['dev'] } }, {}, 'no'],
    ['by name and label of one namespace', { namespaces: { names: ['shop'], ...bySelector.namespaces } }, {}, 'yes'],
    [
      'not by the name of one and the label of the other',
      { namespaces: { names: ['shop'], ...bySelector.namespaces } },
      { intent: { namespaceLabels: {} }, target: { namespace: 'pay' } },
      'no',
    ],
    [
      'perhaps, where labels are unknown',
      bySelector,
      { intent: { namespaceLabels: 'unknown' }, target: { namespaceLabels: 'unknown' } },
      'unknown',
    ],
    ['surely, where the other namespace settles it', bySelector, { intent: { namespaceLabels: 'unknown' } }, 'yes'],
    ['by kind', { targets: { kinds: [{ kind: 'Deployment' }] } }, {}, 'yes'],
    ['not by kind of another group', { targets: { kinds: [{ apiVersion: 'v1', kind: 'Deployment' }] } }, {}, 'no'],
    [
      'by kind of its group, whichever version of it the intent names',
      { targets: { kinds: [{ apiVersion: 'example.com/v1', kind: 'Machine' }] } },
      { target: { apiVersion: 'example.com/v1beta1', kind: 'Machine' } },
      'yes',
    ],
    ['not by another kind', { targets: { kinds: [{ kind: 'StatefulSet' }] } }, {}, 'no'],
    ['by the name of the target', { targets: { names: ['api', 'w*'] } }, {}, 'yes'],
    [
      'not by name where the label differs',
      { targets: { names: ['web'], selector: { matchLabels: { tier: 'back' } } } },
      {},
      'no',
    ],
    [
      'surely not, where the name settles it',
      { targets: { names: ['api'], selector: { matchLabels: { a: 'b' } } } },
      { target: { labels: 'unknown' } },
      'no',
    ],
    ['by source', { sources: ['bot-*'] }, { intent: { source: 'bot-7' } }, 'yes'],
    ['not by source, where the intent has none', { sources: ['*'] }, {}, 'no'],
    ['by type', { intentTypes: ['scaling'] }, {}, 'yes'],
    ['not by another type', { intentTypes: ['scaling'] }, { intent: { type: 'image' } }, 'no'],
    ['not, where one of two does not hold', { intentTypes: ['scaling'], sources: ['x'] }, {}, 'no'],
  ])('%s', (_, match, input, expected) => {
    expect(applies({ match }, policyInput(input)).match).toBe(expected);
  });

  test('what can not be decided holds the change, and the message says what is missing', () => {
    const one = policy('one', {
      match: { targets: { selector: { matchLabels: { a: 'b' } } } },
      replicas: { max: 100 },
    });
    const verdict = evaluate(policyInput({ target: { labels: 'unknown' } }), [one]);
    expect(verdict.decision).toBe('Wait');
    expect(verdict.considered[0]?.message).toContain('labels are missing for match.targets');
    expect(verdict.inputs.policies).toHaveLength(1);
  });
});
