import { expect, test, vi } from "vitest";

import makeCalls from "./calls.cjs";

const fakes = ["nextTick", "queueMicrotask", "setImmediate", "setInterval", "setTimeout", "Date", "performance"];

test("Vitest's fake timers, and real ones again", async () => {
    vi.useFakeTimers({ toFake: fakes });
    const [library, testing] = [await import("egoi-verify"), await import("egoi-verify/testing")];
    await makeCalls(library, testing);
    vi.useRealTimers();
    await makeCalls(library, testing);
    expect(vi.isFakeTimers()).toBe(false);
});
