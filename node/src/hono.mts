// One copy of the library in a process: an error is an `instanceof` its class whichever way it came.

export type { EndpointOptions, HandlerOptions, HonoContext, Pending, Session } from "./hono.js";
export { verificationHandler } from "./hono.js";
