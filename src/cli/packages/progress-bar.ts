import type { Output } from '../io.ts';

const WIDTH = 24;

/** A bar on a terminal that is drawn over itself; elsewhere nothing is printed. `end` takes it off the screen. */
export interface ProgressBar {
  show(done: number): void;
  end(): void;
}

export function progressBar(output: Output, label: string, total: number): ProgressBar {
  if (output.isTTY !== true || total < 2) return { show() {}, end() {} };
  const show = (done: number): void => {
    const filled = Math.round((done / total) * WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
    output.write(`\r\u001b[K${label} ${bar} ${done}/${total}`);
  };
  show(0);
  return { show, end: () => void output.write('\r\u001b[K') };
}
