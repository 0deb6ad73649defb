export { TestClock } from "./engine.js";
export { Message, Sandbox, SandboxClock } from "./sandbox.js";
export type { Fault, SandboxOptions } from "./sandbox.js";
export { setUpSandbox } from "./hooks.js";
export type { Hooks, SandboxOfTests } from "./hooks.js";
