// One copy of the library in a process: an error is an `instanceof` its class whichever way it came.

export type { Fault, Hooks, SandboxOfTests, SandboxOptions } from "./testing.js";
export { Message, Sandbox, SandboxClock, setUpSandbox, TestClock } from "./testing.js";
