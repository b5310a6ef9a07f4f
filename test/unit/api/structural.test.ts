import Type from 'typebox';
import { expect, test } from 'vitest';
import { type JsonSchema, toStructural } from '../../../src/api/structural.ts';

const TEXT = { type: 'string' };

test.each<[string, object, JsonSchema]>([
  ['anyOf of const', Type.Union([Type.Literal('a'), Type.Literal('b')]), { type: 'string', enum: ['a', 'b'] }],
  ['const', Type.Literal(5), { type: 'number', enum: [5] }],
  ['enum without type', { enum: ['a'] }, { type: 'string', enum: ['a'] }],
  ['a record', Type.Record(Type.String(), Type.String()), { type: 'object', additionalProperties: TEXT }],
  [
    'closed properties',
    Type.Object({ a: Type.String() }, { additionalProperties: false }),
    { type: 'object', required: ['a'], properties: { a: TEXT } },
  ],
  ['anyOf with null', Type.Union([Type.String(), Type.Null()]), { type: 'string', nullable: true }],
  ['a list of types with null', { type: ['string', 'null'] }, { type: 'string', nullable: true }],
  [
    'numeric exclusive bounds',
    { type: 'integer', exclusiveMinimum: 0 },
    { type: 'integer', minimum: 0, exclusiveMinimum: true },
  ],
  ['identifiers', { $id: 'x', $schema: 'y', examples: [1], type: 'string' }, TEXT],
])('%s gets its structural form', (_, schema, expected) => {
  expect(toStructural(JSON.parse(JSON.stringify(schema)))).toEqual(expected);
});

test('the rewriting reaches properties, items and values of maps', () => {
  const literal = Type.Union([Type.Literal('a')]);
  const schema = Type.Object({ list: Type.Array(literal), map: Type.Record(Type.String(), literal) });
  expect(toStructural(JSON.parse(JSON.stringify(schema)))).toMatchObject({
    properties: {
      list: { items: { type: 'string', enum: ['a'] } },
      map: { additionalProperties: { type: 'string', enum: ['a'] } },
    },
  });
});

test('what has no structural form stays for the lint to refuse', () => {
  const union = { anyOf: [{ type: 'string' }, { type: 'integer' }] };
  expect(toStructural(union)).toEqual(union);
});
