/** Text as a longer language would have it: two fifths more, and letters of other heights. What stands in
 *  braces is filled in later and stays. */
export function pseudo(text: string): string {
  const accents: Record<string, string> = {
    a: 'å',
    e: 'ë',
    i: 'ï',
    o: 'ø',
    u: 'ü',
    n: 'ñ',
    y: 'ý',
  };
  const letters = text
    .split(/(\{\w+\})/)
    .map((part, at) => (at % 2 ? part : part.replace(/[aeiouny]/g, (one) => accents[one] ?? one)))
    .join('');
  const more = Math.ceil(text.replace(/\{\w+\}/g, '').length * 0.4);
  // In words, as languages do it.
  return `${letters}${' lörem ipsüm dølor'.repeat(Math.ceil(more / 18)).slice(0, more)}`.trimEnd();
}
