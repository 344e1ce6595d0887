import { OrderchatError } from './errors.js';

type Loaded = typeof import('./actions.js');

/**
 * The base of a class whose methods of these names are no more than requests: their module is loaded when
 * one of them is first called.
 */
export function later<Methods extends object>(
  names: readonly (keyof Methods & string)[],
  make: (loaded: Loaded, self: never) => object,
): new () => Methods {
  class Later {
    #methods: Promise<object> | null = null;

    load(): Promise<object> {
      this.#methods ??= import('./actions.js').then(
        (loaded) => make(loaded, this as never),
        (cause) => {
          this.#methods = null;
          throw new OrderchatError({}, { cause });
        },
      );
      return this.#methods;
    }
  }
  for (const name of names) {
    Object.assign(Later.prototype, {
      async [name](this: Later, ...args: unknown[]) {
        const methods = (await this.load()) as Record<string, (...all: unknown[]) => unknown>;
        return methods[name]!(...args);
      },
    });
  }
  return Later as unknown as new () => Methods;
}
