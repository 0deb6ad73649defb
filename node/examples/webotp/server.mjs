// A page that the phone fills the code into: the SMS ends with a line that binds the code to this site.

import { readFile } from "node:fs/promises";
import { withOrigin } from "egoi-verify";
import express from "express";

/** The page and its two calls. `host` is the domain name that people see in the address bar. */
export function site(verifier, host) {
    const app = express();
    let session = {}; // One visitor: yours have a session each.
    app.use(express.json());

    app.get("/", async (_request, response) => {
        response.type("html").send(await readFile(new URL("page.html", import.meta.url)));
    });

    app.post("/number", async (request, response) => {
        const message = withOrigin("{CODE} is your code for our shop.", host);
        const { id, number } = await verifier.request(request.body.number, { message });
        session = { id, number };
        response.json({ sent: true });
    });

    app.post("/code", async (request, response) => {
        response.json({ outcome: await verifier.validate(session.id, request.body.code, { number: session.number }) });
    });
    return app;
}
