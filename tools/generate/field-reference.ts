import type { JsonSchema } from '../../src/api/structural.ts';

interface FieldSchema extends JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly required?: readonly string[];
}

/** The tables of all fields of spec and, where there is one, status, as markdown, from the schema that the server serves. */
export function fieldReference(root: JsonSchema): string {
  const { properties = {} } = root as FieldSchema;
  const sections = ['spec', 'status'].flatMap((name) => {
    const schema = properties[name];
    return schema === undefined ? [] : sectionsOf(name, schema);
  });
  return sections.join('\n\n');
}

function sectionsOf(path: string, schema: FieldSchema): string[] {
  const fields = Object.entries(schema.properties ?? {});
  const rows = fields.map(([name, field]) => row(name, field, schema.required?.includes(name) ?? false));
  const table = [
    `#### \`${path}\``,
    '',
    schema.description ?? '',
    '',
    '| field | type | bounds | meaning |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
  const below = fields.flatMap(([name, field]) => {
    if (field.properties !== undefined) return sectionsOf(`${path}.${name}`, field);
    return field.items?.properties === undefined ? [] : sectionsOf(`${path}.${name}[]`, field.items);
  });
  return [table, ...below];
}

function row(name: string, field: FieldSchema, required: boolean): string {
  const cells = [`\`${name}\`${required ? ' (required)' : ''}`, typeOf(field), bounds(field), field.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeOf(field: FieldSchema): string {
  return field.type === 'array' ? `list of ${field.items?.type ?? 'any'}` : (field.type ?? 'any');
}

function bounds(field: FieldSchema): string {
  const { enum: values, minLength, maxLength, minimum, maximum, maxItems, pattern, format } = field;
  const said = [
    Array.isArray(values) ? values.map((value) => `\`${value}\``).join(', ') : '',
    range(minLength, maxLength, 'characters'),
    range(minimum, maximum, ''),
    maxItems === undefined ? '' : `at most ${maxItems}`,
    pattern === undefined ? '' : `\`${pattern}\``,
    format === 'date-time' ? 'RFC 3339' : '',
    field.default === undefined ? '' : `default \`${JSON.stringify(field.default)}\``,
  ];
  return said.filter((text) => text !== '').join('; ');
}

function range(least: unknown, most: unknown, unit: string): string {
  if (least === undefined && most === undefined) return '';
  const words = most === undefined ? `${least} or more` : least === undefined ? `at most ${most}` : `${least}–${most}`;
  return `${words} ${unit}`.trim();
}
