import type { Client, ClientOptions } from './types.js';

/** A client of one user. It does nothing until `connect()`. */
export declare function createClient(options: ClientOptions): Client;
