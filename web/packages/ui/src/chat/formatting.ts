/** What the buttons and keys of the composer do to the text of a textarea. */
export type Mark = 'bold' | 'italic' | 'code' | 'list';

const AROUND: Record<Exclude<Mark, 'list'>, string> = { bold: '*', italic: '_', code: '`' };

export interface Selected {
  text: string;
  start: number;
  end: number;
}

export function marked({ text, start, end }: Selected, mark: Mark): Selected {
  if (mark === 'list') return listed({ text, start, end });
  const sign = AROUND[mark];
  const inner = text.slice(start, end);
  if (text[start - 1] === sign && text[end] === sign) {
    return {
      text: text.slice(0, start - 1) + inner + text.slice(end + 1),
      start: start - 1,
      end: end - 1,
    };
  }
  // Marks hold only around letters, so blanks at the edges of the selection stay outside.
  const lead = inner.length - inner.trimStart().length;
  const trail = inner.trim() === '' ? 0 : inner.length - inner.trimEnd().length;
  const from = start + (inner.trim() === '' ? 0 : lead);
  const to = end - trail;
  return {
    text: text.slice(0, from) + sign + text.slice(from, to) + sign + text.slice(to),
    start: from + 1,
    end: to + 1,
  };
}

function listed({ text, start, end }: Selected): Selected {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const next = text.indexOf('\n', end);
  const to = next === -1 ? text.length : next;
  const lines = text.slice(from, to).split('\n');
  const all = lines.every((line) => line.startsWith('- '));
  const changed = lines
    .map((line) => (all ? line.slice(2) : line.startsWith('- ') ? line : `- ${line}`))
    .join('\n');
  return {
    text: text.slice(0, from) + changed + text.slice(to),
    start: Math.max(from, start + (all ? -2 : 2)),
    end: end + changed.length - (to - from),
  };
}

/** A new line within a list goes on with it; on an empty item it ends it. Null: nothing special. */
export function continued({ text, start, end }: Selected): Selected | null {
  if (start !== end) return null;
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const found = /^(- |(\d{1,3})\. )(.*)$/u.exec(text.slice(from, start));
  if (!found) return null;
  if (found[3] === '')
    return { text: text.slice(0, from) + text.slice(start), start: from, end: from };
  const sign = found[2] === undefined ? '- ' : `${Number(found[2]) + 1}. `;
  const at = start + 1 + sign.length;
  return { text: `${text.slice(0, start)}\n${sign}${text.slice(end)}`, start: at, end: at };
}
