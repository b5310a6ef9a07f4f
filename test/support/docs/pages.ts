import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const CHECKOUT = join(import.meta.dirname, '../../..');

/** A fenced part of a page. `sh` is run; `console` shows commands that are not; the others show files and output. */
export interface Block {
  readonly language: string;
  /** Without the indentation of the fence. */
  readonly text: string;
  /** Line of the opening fence. */
  readonly line: number;
}

export interface Page {
  /** Relative to the checkout. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** What `<!-- test: … -->` in the first line asks for; undefined where it is missing. */
  readonly needs: readonly string[] | undefined;
}

/** Every page that is written for readers. */
export function pages(): readonly Page[] {
  const files = globSync(['*.md', 'docs/**/*.md', 'charts/*/README.md'], { cwd: CHECKOUT });
  return files.toSorted().map(readPage);
}

export function readPage(path: string): Page {
  const text = readFileSync(join(CHECKOUT, path), 'utf8');
  const needs = /^<!-- test: (.+?) -->$/m.exec(text)?.[1]?.split(' ');
  return { path, text, blocks: blocksOf(text), needs };
}

const FENCE = /^( *)```(\w*)[^\n]*\n(.*?)^ *```$/gms;

export function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(FENCE)].map(({ 1: indent = '', 2: language = '', 3: body = '', index }) => ({
    language,
    text: body.replaceAll(new RegExp(`^ {0,${indent.length}}`, 'gm'), ''),
    line: text.slice(0, index).split('\n').length,
  }));
}

/** The page without its fenced blocks. */
export const proseOf = ({ text }: Page): string => text.replaceAll(FENCE, '');

/** The anchors of the headings, made as GitHub makes them. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => {
    const slug = title
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(anchors);
}
