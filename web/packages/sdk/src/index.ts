/**
 * Client of an Orderchat server, for browsers and Node. `createClient` is where one begins; the README
 * has a chat in ten lines.
 *
 * @packageDocumentation
 */
export { createClient } from './client.js';
export { OrderchatError } from './errors.js';
export { merge } from './merge.js';
export { receiptOf } from './receipts.js';
export { counts, toRows } from './rows.js';
export { tokens } from './tokens.js';
export type { Receipt } from './receipts.js';
export type { Rest } from './rest.js';
export type { GroupPlace, Row, RowOptions } from './rows.js';
export type { Token } from './tokens.js';
export type * from './types.js';
export type * from './wire.js';
