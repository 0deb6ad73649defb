// One copy of the library in a process: an error is an `instanceof` its class whichever way it came.

export type { EndpointOptions, Pending, Session, VerificationHandler, Visitor } from "./web.js";
export { verificationHandler } from "./web.js";
