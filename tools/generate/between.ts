/** Replaces what stands between `<!-- begin NAME … -->` and `<!-- end NAME -->`. Throws where the markers are missing. */
export function between(page: string, name: string, text: string): string {
  const begin = page.indexOf(`<!-- begin ${name}`);
  const start = page.indexOf('-->', begin) + '-->'.length;
  const end = page.indexOf(`<!-- end ${name} -->`);
  if (begin < 0 || end < start)
    throw new Error(`the page has no markers <!-- begin ${name} --> and <!-- end ${name} -->`);
  return `${page.slice(0, start)}\n\n${text}\n\n${page.slice(end)}`;
}
