// A Fastify plug-in: two routes, and a verifier for those of the application. A call ends with the request that wanted it.

import { RateLimitedError, VerifyError } from "egoi-verify";

/** Aborted when whoever asked has gone. */
function signalOf(_request, reply) {
    const controller = new AbortController();
    reply.raw.once("close", () => {
        if (!reply.raw.writableFinished) {
            controller.abort(new Error("whoever asked has gone"));
        }
    });
    return controller.signal;
}

const body = (name) => ({
    body: { type: "object", required: [name], properties: { [name]: { type: "string", maxLength: 64 } } },
});

/** `fastify.register(verification, { verifier })`, with a session plug-in registered before it. */
export async function verification(fastify, { verifier }) {
    fastify.decorate("verifier", verifier);
    fastify.addHook("onClose", () => verifier.close());

    fastify.post("/verifications", { schema: body("number") }, async (request, reply) => {
        const { id, number } = await verifier.request(request.body.number, { signal: signalOf(request, reply) });
        Object.assign(request.session, { id, number });
        return reply.code(202).send({ sent: true });
    });

    fastify.put("/verifications/code", { schema: body("code") }, async (request, reply) => {
        const { id, number } = request.session;
        const outcome = await verifier.validate(id ?? "none", request.body.code, {
            number,
            signal: signalOf(request, reply),
        });
        return reply.code(outcome === "verified" ? 200 : 422).send({ outcome });
    });

    fastify.setErrorHandler((error, _request, reply) => {
        if (!(error instanceof VerifyError)) {
            return reply.send(error);
        }
        if (error instanceof RateLimitedError && error.retryAfter !== undefined) {
            reply.header("Retry-After", Math.ceil(error.retryAfter));
        }
        return reply.code(error.suggestedStatus).send({ error: error.code });
    });
}
// Its decorator is for the routes of the application too.
verification[Symbol.for("skip-override")] = true;
