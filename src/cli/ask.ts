import type { Io } from './io.ts';

/** Puts questions to the person at the terminal, on standard error, so that standard output stays what was asked for. */
export interface Asker {
  /** The next line, without its end and without blanks around it; the empty text when the input has ended. */
  ask(question: string): Promise<string>;
  /** Lets go of standard input, so that the process can end. */
  close(): Promise<void>;
}

export function asker(io: Io): Asker {
  const input = io.stdin[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let waiting = '';
  return {
    async ask(question) {
      io.stderr.write(question);
      while (!waiting.includes('\n')) {
        const next = await input.next();
        if (next.done === true) break;
        waiting += decoder.decode(next.value, { stream: true });
      }
      const [line = ''] = waiting.split('\n', 1);
      waiting = waiting.slice(line.length + 1);
      return line.trim();
    },
    async close() {
      await input.return?.();
    },
  };
}

/** Whether an answer to `[y/N]` means yes. Anything else is no. */
export const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer);
