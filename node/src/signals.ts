// One listener for a signal, for all the calls in flight on it: Node takes more than ten listeners for a leak, and warns.

interface Watched {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const watched = new WeakMap<AbortSignal, Watched>();

/** Calls `onAbort` when the signal is aborted, until `unwatch`. */
export function watch(signal: AbortSignal, onAbort: () => void): void {
  let of = watched.get(signal);
  if (of === undefined) {
    const calls = new Set<() => void>();
    const listener = () => {
      for (const each of [...calls]) {
        each();
      }
    };
    of = { calls, listener };
    watched.set(signal, of);
  }
  if (of.calls.size === 0) {
    signal.addEventListener("abort", of.listener, { once: true });
  }
  of.calls.add(onAbort);
}

/** Removes `onAbort`. The last `onAbort` of a signal removes its listener. */
export function unwatch(signal: AbortSignal, onAbort: () => void): void {
  const of = watched.get(signal);
  if (of?.calls.delete(onAbort) && of.calls.size === 0) {
    signal.removeEventListener("abort", of.listener);
  }
}
