import type { ImageConfig } from '../../../tools/image/archive.ts';

/** What the last stage of a Dockerfile sets. It knows the forms that ours uses, and throws for others rather than guess. */
export function finalStage(dockerfile: string): ImageConfig {
  const stage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')).split('\n').slice(2);
  const args = new Map<string, string>();
  const all = (word: string): string[] =>
    stage.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  for (const arg of all('ARG')) args.set(...pair(arg));
  const json = (word: string): readonly string[] => JSON.parse(only(all(word), word)) as readonly string[];
  return {
    Entrypoint: json('ENTRYPOINT'),
    Cmd: json('CMD'),
    Env: all('ENV').map((line) => pair(line).join('=')),
    User: only(all('USER'), 'USER'),
    WorkingDir: only(all('WORKDIR'), 'WORKDIR'),
    Labels: Object.fromEntries(
      all('LABEL').map((line) => {
        const [name, value] = pair(line);
        return [name, value.replace(/^\$\{(\w+)\}$/, (_, arg: string) => args.get(arg) ?? '')];
      }),
    ),
  };
}

/** `name=value` or `name="value"`, one to a line. */
function pair(line: string): [string, string] {
  const [, name, quoted, plain] = /^([\w.]+)=(?:"([^"\\]*)"|([^\s"\\]*))$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`not one name and one value: ${line}`);
  return [name, quoted ?? plain ?? ''];
}

function only(found: readonly string[], word: string): string {
  const [value, ...others] = found;
  if (value === undefined || others.length > 0) throw new Error(`not exactly one ${word}`);
  return value;
}
