// A sign-up with Express: the person gives a phone number, gets a code by SMS, and gives the code back.

import { randomUUID } from "node:crypto";
import { RateLimitedError, VerifyError } from "egoi-verify";
import express from "express";

/** The routes of the sign-up, over a `Client` or an `Engine`. An engine counts by `client`: `smsPerClient`, `wrongCodesPerClient`. */
export function signUp(verifier) {
    const app = express();
    const sessions = new Map(); // Yours is in a store; what matters is that it is on the server.
    app.use(express.json());
    app.use((request, response, next) => {
        const id = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? randomUUID();
        request.session = sessions.get(id) ?? {};
        sessions.set(id, request.session);
        response.cookie("session", id, { httpOnly: true, sameSite: "strict" });
        next();
    });

    app.post("/sign-up", async (request, response) => {
        const { id, number, expiresAt } = await verifier.request(request.body.number, { client: request.ip });
        // The number to compare with later comes from here, and never from the second form.
        request.session.verification = { id, number };
        response.status(202).json({ expiresAt });
    });

    app.post("/sign-up/code", async (request, response) => {
        const { id, number } = request.session.verification ?? {};
        if (id === undefined) {
            return response.status(409).json({ error: "ask for a code first" });
        }
        const outcome = await verifier.validate(id, request.body.code, { number, client: request.ip });
        if (outcome !== "verified") {
            return response.status(422).json({ error: outcome });
        }
        delete request.session.verification;
        request.session.provenNumber = number;
        response.json({ number });
    });

    app.use((error, _request, response, next) => {
        if (!(error instanceof VerifyError)) {
            return next(error);
        }
        if (error instanceof RateLimitedError && error.retryAfter !== undefined) {
            response.set("Retry-After", String(Math.ceil(error.retryAfter)));
        }
        response.status(error.suggestedStatus).json({ error: error.code });
    });
    return app;
}
