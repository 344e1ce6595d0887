import { indexedDbStorage } from './indexeddb.js';
import type { Storage } from './types.js';

/** Forgets with the process. */
export function memoryStorage(): Storage {
  const map = new Map<string, unknown>();
  return {
    get: async (key) => map.get(key),
    set: async (key, value) => void map.set(key, value),
    delete: async (key) => void map.delete(key),
    entries: async (prefix) =>
      [...map].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** IndexedDB where there is one, and memory where it is refused (some private windows). */
export function defaultStorage(): Storage {
  const memory = memoryStorage();
  if (typeof indexedDB === 'undefined') return memory;
  let kept = indexedDbStorage();
  const tried = <T>(call: (storage: Storage) => Promise<T>): Promise<T> =>
    call(kept).catch(() => {
      kept = memory;
      return call(memory);
    });
  return {
    get: (key) => tried((storage) => storage.get(key)),
    set: (key, value) => tried((storage) => storage.set(key, value)),
    delete: (key) => tried((storage) => storage.delete(key)),
    entries: (prefix) => tried((storage) => storage.entries(prefix)),
  };
}
