import { runProgram, type Step } from './step.ts';

interface Report {
  readonly metadata?: { readonly vulnerabilities?: { readonly high?: number; readonly critical?: number } };
}

/** Known vulnerabilities of what is shipped, as the registry knows them. Not a failure where no registry answers. */
export const advisories: Step = {
  name: 'advisories',
  async run() {
    const limits = ['--fetch-retries=0', '--fetch-timeout=20000'];
    const { code, text } = await runProgram('npm', ['audit', '--omit=dev', '--audit-level=high', '--json', ...limits]);
    const report = parse(text);
    if (report?.metadata?.vulnerabilities === undefined)
      return { kind: 'skipped', why: `the registry did not answer: ${reason(text)}` };
    if (code === 0) return { kind: 'passed' };
    const readable = await runProgram('npm', ['audit', '--omit=dev', '--audit-level=high', ...limits]);
    return { kind: 'failed', text: readable.text };
  },
};

/** npm prints warnings around its JSON. */
function parse(text: string): Report | undefined {
  try {
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Report;
  } catch {
    return undefined;
  }
}

function reason(text: string): string {
  const line =
    text.split('\n').find((candidate) => /"summary"|npm (error|warn audit)|message/i.test(candidate)) ?? text;
  return line.trim().slice(0, 160);
}
