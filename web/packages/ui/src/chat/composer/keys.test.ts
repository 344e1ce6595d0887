import { describe, expect, it } from 'vitest';
import { around, deedOf, markOf, sentencesFor, type Situation } from './keys.js';

const key = (name: string, more: object = {}) => ({
  key: name,
  code: '',
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  ...more,
});
const fresh: Situation = { touch: false, isNew: true, isEmpty: true, hasFiles: false };

describe('deedOf', () => {
  it('C1: Enter sends, with Shift or under a finger it breaks the line', () => {
    expect(deedOf(key('Enter'), fresh)).toBe('send');
    expect(deedOf(key('Enter', { shiftKey: true }), fresh)).toBe('break');
    expect(deedOf(key('Enter'), { ...fresh, touch: true })).toBe('break');
  });

  it('C6: Esc ends a reply first, then takes the files away, then does nothing here', () => {
    const files = { ...fresh, hasFiles: true };
    expect(deedOf(key('Escape'), { ...files, isNew: false })).toBe('cancel');
    expect(deedOf(key('Escape'), files)).toBe('unload');
    expect(deedOf(key('Escape'), fresh)).toBeNull();
  });

  it('C7: Up asks for the last message in an empty new one only, and not with a modifier', () => {
    expect(deedOf(key('ArrowUp'), fresh)).toBe('last');
    for (const other of [{ isNew: false }, { isEmpty: false }])
      expect(deedOf(key('ArrowUp'), { ...fresh, ...other })).toBeNull();
    for (const held of ['altKey', 'shiftKey', 'ctrlKey', 'metaKey'])
      expect(deedOf(key('ArrowUp', { [held]: true }), fresh)).toBeNull();
  });

  it('K1: marks have the keys of other programs, on every keyboard', () => {
    const mark = (name: string, more: object) => markOf(key(name, more));
    expect(mark('b', { ctrlKey: true })).toBe('bold');
    expect(mark('I', { metaKey: true })).toBe('italic');
    expect(mark('e', { ctrlKey: true })).toBe('code');
    expect(mark('(', { ctrlKey: true, shiftKey: true, code: 'Digit8' })).toBe('list');
    expect(mark('b', { ctrlKey: true, altKey: true })).toBeNull();
    expect(mark('b', {})).toBeNull();
  });
});

describe('sentencesFor', () => {
  const all = ['On my way.', 'At your door.', 'Left at the door.'];

  it('C8: a slash offers all of them, letters after it those that have them', () => {
    expect(sentencesFor('/', all)).toEqual(all);
    expect(sentencesFor('/ DOOR', all)).toEqual(all.slice(1));
    expect(sentencesFor('/window', all)).toEqual([]);
  });

  it('C8: a slash elsewhere, or in a longer text, offers nothing', () => {
    expect(sentencesFor('and/or', all)).toEqual([]);
    expect(sentencesFor('/\n', all)).toEqual([]);
  });

  it('C8: arrows go round', () => {
    expect(around('ArrowDown', 2, 3)).toBe(0);
    expect(around('ArrowUp', 0, 3)).toBe(2);
    expect(around('Enter', 0, 3)).toBeNull();
  });
});
