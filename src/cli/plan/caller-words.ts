/** What the operator says of its own rights, said to the person whose rights were used instead. */
export function callerWords(text: string): string {
  return text
    .replace(/\bthe operator may not\b/g, 'you may not')
    .replace(/: grant it in the chart by the value (?:targets|planDryRun: true)\b/g, '');
}
