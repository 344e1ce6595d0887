import type { Storage } from './types.js';

const done = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** One object store, keyed by text; files are kept as they are. */
export function indexedDbStorage(name = 'orderchat'): Storage {
  let opened: Promise<IDBDatabase> | null = null;
  const database = () => {
    opened ??= (() => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore('kept');
      return done(request).then((database) => {
        // Another tab wants to change the schema, or clears the data: do not hold it up.
        database.onversionchange = () => {
          database.close();
          opened = null;
        };
        return database;
      });
    })();
    // Not for good: the next call tries again.
    opened.catch(() => (opened = null));
    return opened;
  };
  const run = async <T>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest<T>,
  ) => {
    const transaction = (await database()).transaction('kept', mode);
    const committed = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const result = done(ask(transaction.objectStore('kept')));
    const [value] = await Promise.all([result, committed]);
    return value;
  };
  return {
    get: (key) => run('readonly', (store) => store.get(key)),
    set: async (key, value) => void (await run('readwrite', (store) => store.put(value, key))),
    delete: async (key) => void (await run('readwrite', (store) => store.delete(key))),
    async entries(prefix) {
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      const [keys, values] = await Promise.all([
        run('readonly', (store) => store.getAllKeys(range)),
        run('readonly', (store) => store.getAll(range)),
      ]);
      return keys.map((key, index) => [String(key), values[index] as unknown]);
    },
  };
}
