import type { MessageView, Quote } from './wire.js';

const EXCERPT = 100;

/** A message as others show it: those that answer it, and the list of rooms. */
export const quoteOf = ({ id, seq, sender_name, content, is_deleted }: MessageView): Quote => ({
  id,
  seq,
  sender_name,
  excerpt: [...content].slice(0, EXCERPT).join(''),
  is_deleted,
});
