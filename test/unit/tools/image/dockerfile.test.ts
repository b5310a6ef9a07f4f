import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imageConfig, readManifest } from '../../../../tools/image/layout.ts';
import { finalStage } from '../../../support/image/dockerfile.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

test('the Dockerfile starts the image as the archive does: user, entry point, command, environment, labels', () => {
  const ours = imageConfig(readManifest(ROOT), { revision: 'unknown' });
  expect(finalStage(DOCKERFILE)).toEqual(ours);
});

test('both bases can be chosen, and the last one has no shell', () => {
  const bases = [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(bases).toEqual([`\${BUILDER}`, `\${RUNTIME}`]);
  expect(DOCKERFILE).toMatch(/^ARG BUILDER=docker\.io\/library\/node:24-/m);
  expect(DOCKERFILE).toMatch(/^ARG RUNTIME=gcr\.io\/distroless\/nodejs24-debian12:nonroot$/m);
  const last = DOCKERFILE.slice(DOCKERFILE.lastIndexOf('\nFROM '));
  expect(last).not.toMatch(/^RUN /m);
});
