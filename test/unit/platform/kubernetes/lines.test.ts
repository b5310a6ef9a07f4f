import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../../../src/platform/kubernetes/lines.ts';

function linesOf(chunks: readonly Buffer[], limit = 1 << 20): { lines: string[]; splitter: LineSplitter } {
  const splitter = new LineSplitter(limit);
  const lines: string[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    for (let line = splitter.shift(); line !== undefined; line = splitter.shift()) lines.push(line.toString('utf8'));
  }
  return { lines, splitter };
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

test('however the bytes are cut into chunks, within a character too, the lines are the same', () => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '→').toWellFormed());
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
      const { lines, splitter } = linesOf(cutAt(bytes, cuts));
      expect(lines).toEqual(texts.filter((text) => text !== ''));
      expect(splitter.queuedBytes).toBe(0);
      expect(splitter.partialBytes).toBe(0);
    }),
  );
});

test('what comes after the last newline is no line yet', () => {
  const { lines, splitter } = linesOf([Buffer.from('one\ntw'), Buffer.from('')]);
  expect(lines).toEqual(['one']);
  expect(splitter.partialBytes).toBe(2);
});

test('a line over the limit is refused, whole or growing', () => {
  expect(() => linesOf([Buffer.from(`${'x'.repeat(11)}\n`)], 10)).toThrow(RangeError);
  expect(() => linesOf([Buffer.from('x'.repeat(6)), Buffer.from('x'.repeat(6))], 10)).toThrow(RangeError);
  expect(linesOf([Buffer.from(`${'x'.repeat(10)}\n`)], 10).lines).toHaveLength(1);
});
