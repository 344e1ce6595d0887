/**
 * Pure functions for whoever draws a conversation: rows of a timeline, receipts, text in pieces. A
 * module of its own, so that who draws nothing does not load it.
 *
 * @packageDocumentation
 */
export { merge } from './merge.js';
export { receiptOf, takesPart } from './receipts.js';
export { toRows } from './rows.js';
export { counts } from './unread.js';
export { tokens } from './tokens.js';
export type { Receipt } from './receipts.js';
export type { GroupPlace, Row, RowOptions } from './rows.js';
export type { Token } from './tokens.js';
