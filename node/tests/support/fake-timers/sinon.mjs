import sinon from "sinon";

import makeCalls from "./calls.cjs";

const [before, beforeTesting] = [await import("egoi-verify"), await import("egoi-verify/testing")];
await makeCalls(before, beforeTesting);
const clock = sinon.useFakeTimers();
await makeCalls(before, beforeTesting);
clock.restore();
await makeCalls(before, beforeTesting);
console.log("Sinon's fake timers, and real ones again");
