// The tracing channels of `node:diagnostics_channel` for the events of calls. Apart from `events.ts`, whose types a project
// without `@types/node` compiles too.

import * as diagnostics from "node:diagnostics_channel";

import type { CallEvent } from "./events.js";

type Channel = diagnostics.TracingChannel<CallEvent, CallEvent>;

const VERBS = ["request", "validate", "cancel", "resend", "get", "ping", "senders", "find", "unlock", "erase"] as const;

// Not in every runtime that is like Node.
const { tracingChannel } = diagnostics as Partial<typeof diagnostics>;

const channels = new Map<string, Channel>(
  VERBS.map((verb) => [verb, tracingChannel?.(`egoi-verify:${verb}`)]).filter(([, of]) => of !== undefined) as [
    string,
    Channel,
  ][],
);

/** The channel of a verb, if it has a subscriber. */
export function observedChannel(verb: string): Channel | undefined {
  const channel = channels.get(verb);
  if (channel === undefined) {
    return undefined;
  }
  // Node 20 has no `hasSubscribers` of all five.
  const { start, end, asyncStart, asyncEnd, error } = channel;
  const isObserved =
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers;
  return isObserved ? channel : undefined;
}
