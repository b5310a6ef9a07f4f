import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

const QUIET_MS = 20_000;

/** Where no moving display is possible: says every 20 s what is still running, so that silence means trouble. */
export default class PulseReporter implements Reporter {
  readonly #running = new Map<string, { readonly name: string; readonly since: number }>();
  #timer: NodeJS.Timeout | undefined;
  #finished = 0;

  onTestRunStart(): void {
    if (process.stdout.isTTY) return;
    this.#timer = setInterval(() => this.#tell(), QUIET_MS);
    this.#timer.unref();
  }

  onTestModuleStart(module: TestModule): void {
    this.#running.set(module.id, { name: relative(process.cwd(), module.moduleId), since: Date.now() });
  }

  onTestCaseReady(test: TestCase): void {
    // It may be told after the end of its module.
    if (!this.#running.has(test.module.id)) return;
    this.#running.set(test.module.id, {
      name: `${relative(process.cwd(), test.module.moduleId)} › ${test.fullName}`,
      since: Date.now(),
    });
  }

  onTestCaseResult(): void {
    this.#finished += 1;
  }

  onTestModuleEnd(module: TestModule): void {
    this.#running.delete(module.id);
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    const now = Date.now();
    const running = [...this.#running.values()].map(
      ({ name, since }) => `${name} (${Math.round((now - since) / 1000)} s)`,
    );
    console.log(`… ${this.#finished} tests done, running: ${running.join('; ') || 'getting ready'}`);
  }
}
