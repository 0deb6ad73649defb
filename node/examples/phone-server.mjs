// The server of an app that proves its user's phone number, with Express and an `Engine`. It holds the API key, sends the
// codes and decides. `examples/phone/README.md` has the apps and the interface between them.
//
//     EGOI_API_KEY=… EGOI_SENDER=… node phone-server.mjs

import { randomBytes, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { EgoiSms, Engine, NotFoundError, VerifyError } from "egoi-verify";
import express from "express";

export function phoneServer(engine) {
    // In one process's memory, to be one file. It stands for what your server has anyway: its users and their sessions.
    const sessions = new Map();
    const app = express();
    app.use(express.json());

    app.post("/sessions", (_, response) => {
        const token = randomBytes(32).toString("base64url");
        sessions.set(token, { name: randomUUID(), request: undefined, proved: undefined });
        response.json({ token });
    });

    app.use((request, response, next) => {
        request.session = sessions.get(request.get("Authorization")?.replace(/^Bearer /, ""));
        return request.session ? next() : response.status(401).json({ detail: "sign in first" });
    });

    app.get("/me", ({ session }, response) => response.json({ number: session.proved?.number ?? null }));

    app.post("/verifications", async ({ session, body }, response) => {
        const options = { message: "{CODE} is your code for Example.", ttl: 300, client: session.name };
        try {
            // Id and number stay here: the app gets the id, and neither is taken from it.
            session.request = await engine.request(String(body?.number), options);
        } catch (error) {
            // The response to this phone was lost, and it asks again within the pause: its code is on the way.
            if (session.request === undefined || session.request.id !== error.requestId) {
                throw error;
            }
            session.request = await engine.get(session.request.id);
        }
        response.json(codeSent(session.request));
    });

    app.post("/verifications/:id/code", async ({ session, params, body }, response) => {
        const request = known(session, params.id);
        const { id, number } = request;
        // If the response was lost: this session has proved the number; no other session gets this response.
        const { outcome, attemptsLeft } =
            session.proved === request
                ? { outcome: "verified" }
                : await engine.validateWithDetails(id, String(body?.code), { number, client: session.name });
        if (outcome === "verified") {
            session.proved = request; // Here, and nowhere in the app, the number becomes the user's.
        }
        response.json({ outcome, attempts_left: attemptsLeft });
    });

    app.post("/verifications/:id/resend", async ({ session, params }, response) => {
        session.request = await engine.resend(known(session, params.id).id);
        response.json(codeSent(session.request));
    });

    app.post("/verifications/:id/cancel", async ({ session, params }, response) => {
        response.json({ state: await engine.cancel(known(session, params.id).id) });
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
        return response.status(error.suggestedStatus).json({ error: told });
    });

    return app;
}

function known({ request }, id) {
    if (request?.id !== id) {
        throw new NotFoundError({ detail: "there is no such request in this session" });
    }
    return request;
}

/** Times are in seconds from now, as a phone's clock may be wrong. */
function codeSent({ id, expiresAt, resendAt, resendsLeft, attemptsLeft }) {
    const until = (time) => Math.max(((time ?? 0) - Date.now()) / 1000, 0);
    return {
        id,
        expires_in: until(expiresAt),
        resend_in: resendsLeft === 0 ? null : until(resendAt),
        attempts_left: attemptsLeft,
    };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { EGOI_API_KEY: apiKey, EGOI_SENDER: sender, EGOI_BASE_URL: baseUrl } = process.env;
    const engine = new Engine({
        send: new EgoiSms({ apiKey, sender, baseUrl }),
        countries: ["PT", "ES"],
        // Without these two a stranger sends SMS to anybody at your expense, and spends the limits of other numbers.
        smsPerClient: { limit: 5, per: 3600 },
        wrongCodesPerClient: { limit: 10, per: 3600 },
        resendAfter: Number(process.env.RESEND_AFTER ?? 30) || null,
    });
    const server = phoneServer(engine).listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
        console.log(`Listening on http://127.0.0.1:${server.address().port}`);
    });
}
