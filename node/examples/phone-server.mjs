// The server of an app that proves its user's phone number, with Express. It holds the API key, sends the codes and
// decides. What it speaks with the app, and the apps themselves, are in `examples/phone/README.md`.
//
//     EGOI_API_KEY=… EGOI_SENDER=… node phone-server.mjs

import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Client, NotFoundError, RateLimitedError, VerifyError } from "egoi-verify";
import express from "express";

const TTL = 300;
const RESEND_AFTER = Number(process.env.RESEND_AFTER ?? 30);
const SMS_PER_SESSION = 5;
const CODES_PER_REQUEST = 5;
const STATUSES = { invalid_input: 400, rejected: 400, not_found: 404, conflict: 409, rate_limited: 429 };

const seconds = () => performance.now() / 1000;

export function phoneServer(client) {
    // In one process's memory, to be one file. It stands for what your server has anyway: its users and their sessions.
    const sessions = new Map();
    const app = express();
    app.use(express.json());

    app.post("/sessions", (_, response) => {
        const token = randomBytes(32).toString("base64url");
        sessions.set(token, { smsLeft: SMS_PER_SESSION, request: undefined, proved: undefined });
        response.json({ token });
    });

    app.use((request, response, next) => {
        request.session = sessions.get(request.get("Authorization")?.replace(/^Bearer /, ""));
        return request.session ? next() : response.status(401).json({ detail: "sign in first" });
    });

    app.get("/me", ({ session }, response) => response.json({ number: session.proved?.number ?? null }));

    app.post("/verifications", async ({ session, body }, response) => {
        countSms(session);
        const askedAt = seconds();
        const message = "{CODE} is your code for Example.";
        const { id, number } = await client.request(String(body?.number), { message, ttl: TTL });
        // Both stay here: the app is told the id, and believed neither.
        session.request = { id, number, codesLeft: CODES_PER_REQUEST };
        response.json(codeSent(session, session.request, askedAt));
    });

    app.post("/verifications/:id/code", async ({ session, params, body }, response) => {
        const request = known(session, params.id);
        if (session.proved === request) {
            // The answer of before was lost on its way to the phone. This session proved it; nobody else is told so.
            return response.json({ outcome: "verified", attempts_left: request.codesLeft });
        }
        if (request.codesLeft === 0) {
            return response.json({ outcome: "too_many_attempts", attempts_left: 0 });
        }
        request.codesLeft -= 1; // before the call, or a hundred guesses at the same moment would all be looked at
        const outcome = await client.validate(request.id, String(body?.code), { number: request.number });
        if (outcome === "verified") {
            session.proved = request; // Here, and nowhere in the app, the number becomes the user's.
        }
        return response.json({ outcome, attempts_left: request.codesLeft });
    });

    app.post("/verifications/:id/resend", async ({ session, params }, response) => {
        const request = known(session, params.id);
        const wait = request.resendAt - seconds();
        if (wait > 0) {
            throw new RateLimitedError({ detail: "too soon after the code before", retryAfter: wait });
        }
        countSms(session);
        const askedAt = seconds();
        await client.resend(request.id);
        response.json(codeSent(session, request, askedAt));
    });

    app.post("/verifications/:id/cancel", async ({ session, params }, response) => {
        response.json({ state: await client.cancel(known(session, params.id).id) });
    });

    // In the library's own words, which the app's session reads. No error holds a key, a code or a whole number.
    app.use((error, _request, response, next) => {
        if (!(error instanceof VerifyError)) {
            return next(error);
        }
        const { code, detail, retryAfter, smsPossiblySent } = error;
        if (retryAfter !== undefined) {
            response.set("Retry-After", String(Math.ceil(retryAfter)));
        }
        const told = { code, detail, retry_after: retryAfter ?? null, sms_possibly_sent: smsPossiblySent };
        return response.status(STATUSES[code] ?? 503).json({ error: told });
    });

    return app;
}

/** Client has no limits: without one of your own a stranger has you send SMS to anybody. */
function countSms(session) {
    if (session.smsLeft === 0) {
        throw new RateLimitedError({ detail: "too many codes were asked for" });
    }
    session.smsLeft -= 1;
}

function known({ request }, id) {
    if (request?.id !== id) {
        throw new NotFoundError({ detail: "there is no such request in this session" });
    }
    return request;
}

/** Lengths of time and no instants: what time it is, a phone need not know. */
function codeSent(session, request, askedAt) {
    const now = seconds();
    request.resendAt = now + RESEND_AFTER;
    return {
        id: request.id,
        // Counted from before the call, as the service counts from when it had it.
        expires_in: Math.max(askedAt + TTL - now, 0),
        resend_in: session.smsLeft > 0 ? RESEND_AFTER : null,
        attempts_left: request.codesLeft,
    };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const server = phoneServer(Client.fromEnv()).listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
        console.log(`Listening on http://127.0.0.1:${server.address().port}`);
    });
}
