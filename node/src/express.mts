// One copy of the library in a process: an error is an `instanceof` its class whichever way it came.

export type { EndpointOptions, ExpressRequest, ExpressResponse, Pending, RouterOptions, Session } from "./express.js";
export { verificationRouter } from "./express.js";
