import { useSyncExternalStore } from 'react';

/** A value that components can follow. `set` with the same reference changes nothing. */
export type Store<T> = {
  readonly get: () => T;
  readonly set: (change: (old: T) => T) => void;
  readonly subscribe: (listener: () => void) => () => void;
};

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (change) => {
      const next = change(value);
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** `pick` must return a value that stays identical while nothing changed. */
export function useStore<T, V>(store: Store<T>, pick: (value: T) => V): V {
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}
