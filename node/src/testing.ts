export { TestClock } from "./engine.js";
export type { Hooks, SandboxOfTests } from "./hooks.js";
export { setUpSandbox } from "./hooks.js";
export type { Fault, SandboxOptions } from "./sandbox.js";
export { Message, Sandbox, SandboxClock } from "./sandbox.js";
