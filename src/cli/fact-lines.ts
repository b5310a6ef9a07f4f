import { printable } from '../platform/escape.ts';
import type { Paint } from './output.ts';

export type Fact = readonly [name: string, text: string | undefined];

const NAME_WIDTH = 12;

/** One line for each fact that is there: the name dimmed, and the text made safe to print. */
export function factLines(facts: readonly Fact[], paint: Paint): string {
  return facts
    .flatMap(([name, text]) =>
      text === undefined ? [] : [`  ${paint('dim', name.padEnd(NAME_WIDTH))} ${printable(text)}\n`],
    )
    .join('');
}
