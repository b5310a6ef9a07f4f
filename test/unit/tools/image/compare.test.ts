import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ImageConfig, writeArchive } from '../../../../tools/image/archive.ts';
import { differences } from '../../../../tools/image/compare.ts';
import { complete, type Entry, file, folder, link } from '../../../../tools/image/entries.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const FILES: readonly Entry[] = [file('bin/run', 'x', 0o755), link('l', 'bin/run'), folder('data')];
const CONFIG: ImageConfig = { User: '1', Cmd: ['run'], Labels: { a: '1' } };

async function compare(entries: readonly Entry[], config: ImageConfig): Promise<string[]> {
  const work = tempFolder();
  const write = (out: string, files: readonly Entry[], settings: ImageConfig) =>
    writeArchive({
      layers: [{ about: '', entries: complete(files) }],
      ref: 'r:1',
      config: settings,
      out: join(work, out),
    });
  await write('one.tar', entries, config);
  await write('other.tar', FILES, CONFIG);
  return differences(join(work, 'one.tar'), join(work, 'other.tar'), work);
}

test('images with the same files and settings are alike, whatever else their labels say', async () => {
  expect(await compare(FILES, { ...CONFIG, Labels: { a: '1', builder: 'x' } })).toEqual([]);
});

test.each([
  ['a content', [file('bin/run', 'y', 0o755)], {}, '/bin/run: '],
  ['a mode', [file('bin/run', 'x')], {}, '/bin/run: mode 100644'],
  ['a target', [link('l', 'bin')], {}, '/l: '],
  ['a further file', [file('more', '')], {}, '/more: mode 100644'],
  ['a setting', [], { User: '2' }, 'User: "2", but in the other "1"'],
  ['a further setting', [], { WorkingDir: '/' }, 'WorkingDir: "/", but in the other not there'],
  ['a label', [], { Labels: { a: '2' } }, 'label a: 2, but in the other 1'],
] as const)('%s that differs is named', async (_name, entries, config, finding) => {
  const paths = new Set<string>(entries.map(({ path }) => path));
  const files = [...FILES.filter(({ path }) => !paths.has(path)), ...entries];
  expect(await compare(files, { ...CONFIG, ...config })).toEqual([expect.stringContaining(finding)]);
});

test('a file that is missing is named', async () => {
  expect(await compare(FILES.slice(1), CONFIG)).toEqual(
    expect.arrayContaining([expect.stringContaining('/bin/run: not there')]),
  );
});
