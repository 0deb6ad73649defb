// Verifications that several processes share: the workers of node:cluster, on one store.
//
//     EGOI_STORE=postgres://… EGOI_STORE_KEY=… EGOI_API_KEY=… EGOI_SENDER=… node cluster.mjs
//
// EGOI_STORE is any URL that outlives a process, EGOI_STORE_KEY a text of 32 bytes or more: `openssl rand -hex 32` makes one.
// `POST /verifications` with `{"number": "+351 910 000 000"}` sends a code, and `POST /verifications/ID` with `{"number", "code"}` takes it, whichever worker is asked.
// Id and number are in a session in real life: see express.mjs.

import cluster from "node:cluster";
import { EgoiSms, Engine, Store, VerifyError } from "egoi-verify";
import express from "express";

const WORKERS = Number(process.env.WORKERS ?? 4);

if (cluster.isPrimary) {
    for (let n = 0; n < WORKERS; n += 1) {
        cluster.fork();
    }
    let listening = 0;
    cluster.on("listening", (_, { port }) => {
        listening += 1;
        if (listening === WORKERS) {
            console.log(`Listening on http://127.0.0.1:${port}`);
        }
    });
} else {
    const { EGOI_API_KEY, EGOI_SENDER, EGOI_BASE_URL, EGOI_STORE, EGOI_STORE_KEY } = process.env;
    const engine = new Engine({
        send: new EgoiSms({ apiKey: EGOI_API_KEY, sender: EGOI_SENDER, baseUrl: EGOI_BASE_URL }),
        store: new Store(EGOI_STORE, { key: EGOI_STORE_KEY }),
        // Without these two a stranger sends SMS to anybody at your expense, and spends the limits of other numbers.
        smsPerClient: { limit: 5, per: 3600 },
        wrongCodesPerClient: { limit: 20, per: 3600 },
    });
    // What is wrong with the store is said now, and not to the first person.
    await engine.ping();

    const app = express();
    app.use(express.json());

    app.post("/verifications", async ({ ip, body }, response) => {
        const { id } = await engine.request(String(body?.number), { client: ip });
        response.json({ id, worker: cluster.worker.id });
    });

    app.post("/verifications/:id", async ({ ip, params, body }, response) => {
        const caller = { number: String(body?.number), client: ip };
        const outcome = await engine.validate(params.id, String(body?.code), caller);
        response.json({ outcome, worker: cluster.worker.id });
    });

    app.use((error, _request, response, next) => {
        if (!(error instanceof VerifyError)) {
            return next(error);
        }
        return response.status(error.suggestedStatus).json({ error: error.code });
    });

    app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
}
