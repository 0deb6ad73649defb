// The types fit those of the frameworks that have types of their own.

import type { Verifier } from "egoi-verify";
import { verificationPlugin } from "egoi-verify/fastify";
import { type Session, verificationHandler } from "egoi-verify/hono";
import Fastify, { type FastifyRequest } from "fastify";
import { type Context, Hono } from "hono";

declare const verifier: Verifier;
const verified = (_request: unknown, number: string) => console.log(number.length);

const app = Fastify();
app.register(verificationPlugin(verifier, { verified }), { prefix: "/phone" });
app.register(
    verificationPlugin(verifier, { verified: (request: FastifyRequest) => request.id, client: ({ ip }) => ip }),
);

const hono = new Hono<{ Variables: { session: Session } }>();
const session = (context: { get: (key: "session") => Session }) => context.get("session");
hono.all("/phone/*", verificationHandler(verifier, { session, verified }));
hono.all("/phone/*", verificationHandler(verifier, { session: (context) => context.get("session"), verified }));
hono.all("/phone/*", verificationHandler(verifier, { session, verified: (context: Context) => context.req.path }));

// @ts-expect-error: a number that was proved is not to be lost
verificationPlugin(verifier, {});
