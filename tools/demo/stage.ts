/** Words for a terminal, and the checks behind them: whatever the demo shows is looked at, and a wrong sight fails it. */
const color = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);

export interface Stage {
  heading(text: string): void;
  command(text: string): void;
  show(text: string): void;
  /** Prints ✓ or ✗ with what was expected. */
  expect(what: string, holds: boolean): void;
  readonly failures: readonly string[];
}

export function createStage(): Stage {
  const failures: string[] = [];
  const begun = performance.now();
  const write = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    failures,
    heading: (text) =>
      write(`\n${paint(1, text)}  ${paint(2, `${((performance.now() - begun) / 1000).toFixed(1)} s`)}`),
    command: (text) => write(paint(36, `$ ${text}`)),
    show: (text) =>
      write(
        text
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`)
          .join('\n'),
      ),
    expect(what, holds) {
      write(`  ${holds ? paint(32, '✓') : paint(31, '✗')} ${what}`);
      if (!holds) failures.push(what);
    },
  };
}
