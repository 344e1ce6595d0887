/**
 * Client of an Orderchat server, for browsers and Node. `createClient` is where one begins; the README
 * has a chat in ten lines. Functions for drawing a conversation are in `@orderchat/sdk/view`.
 *
 * @packageDocumentation
 */
export { createClient } from './client.js';
export { OrderchatError } from './errors.js';
export type { Rest } from './rest.js';
export type * from './types.js';
export type * from './wire.js';
