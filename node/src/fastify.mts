// One copy of the library in a process: an error is an `instanceof` its class whichever way it came.

export type {
    EndpointOptions,
    FastifyInstance,
    FastifyReply,
    FastifyRequest,
    Pending,
    PluginOptions,
    Session,
} from "./fastify.js";
export { verificationPlugin } from "./fastify.js";
