import { expect, test } from 'vitest';
import { asker, isYes } from '../../../src/cli/ask.ts';
import { recordedIo } from '../../support/io.ts';

test('each question gets a line of its own, however the input is cut, and nothing once it has ended', async () => {
  const chunks = ['a re', 'ason\ny', '\n', 'rest'].map((text) => Buffer.from(text));
  const io = {
    ...recordedIo(),
    stdin: (async function* () {
      yield* chunks;
    })(),
  };
  const person = asker(io);
  expect([await person.ask('why? '), await person.ask('sure? '), await person.ask('?'), await person.ask('?')]).toEqual(
    ['a reason', 'y', 'rest', ''],
  );
  expect([io.out(), io.err()]).toEqual(['', 'why? sure? ??']);
});

test('closing lets go of the input', async () => {
  let released = false;
  const stdin = (async function* () {
    try {
      yield Buffer.from('y\n');
      yield Buffer.from('never asked for\n');
    } finally {
      released = true;
    }
  })();
  const person = asker({ ...recordedIo(), stdin });
  await person.ask('? ');
  await person.close();
  expect(released).toBe(true);
});

test.each(['y', 'Y', 'yes', 'YES'])('%s is yes', (answer) => expect(isYes(answer)).toBe(true));
test.each(['', 'n', 'no', 'yy', 'yes please', 'ja', 'y n'])('%j is no', (answer) => expect(isYes(answer)).toBe(false));
