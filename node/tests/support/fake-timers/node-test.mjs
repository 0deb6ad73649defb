import { mock, test } from "node:test";

import makeCalls from "./calls.cjs";

test("fake timers of node:test, and real ones again", async () => {
    mock.timers.enable();
    const [library, testing] = [await import("egoi-verify"), await import("egoi-verify/testing")];
    await makeCalls(library, testing);
    mock.timers.reset();
    await makeCalls(library, testing);
});
