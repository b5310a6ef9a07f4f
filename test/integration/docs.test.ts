import { expect, test } from 'vitest';
import { pages } from '../support/docs/pages.ts';
import { runPage, shows } from '../support/docs/session.ts';

const runnable = pages().filter(({ blocks }) => blocks.some(({ language }) => language === 'sh'));

test.each(runnable.map((page) => [page.path, page] as const))(
  'the commands of %s work as they stand, and print what the page shows',
  async (_, page) => {
    for (const { block, shown, printed } of await runPage(page)) {
      if (shown === undefined || shows(printed, shown)) continue;
      expect(printed, `what ${page.path}:${block.line} prints`).toBe(shown);
    }
  },
);
