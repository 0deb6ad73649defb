// An application of each framework with the three endpoints, each with a session of its own kind. Each gives `ask`, which has
// a visitor's cookie, and `close`.

import { once } from "node:events";

/** A visitor who keeps one cookie. */
function visitor(fetch, url) {
    let cookie = "";
    return async (path, init = {}) => {
        const response = await fetch(`${url}${path}`, { ...init, headers: { ...init.headers, cookie } });
        cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
        const text = await response.text();
        const body = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
        return { status: response.status, headers: response.headers, body };
    };
}

const SECRET = "a secret of a test that is long enough";

async function express(name, verifier, verified, prepare) {
    const { default: express } = await import(name);
    const { default: session } = await import("express-session");
    const { verificationRouter } = await import("egoi-verify/express");
    const app = express();
    app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
    prepare?.(app, express);
    app.use("/phone", verificationRouter(verifier, { verified, onError: () => {} }));
    app.use((error, _request, response, _next) =>
        response.status(error.status ?? 500).json({ error: "the application's own" }),
    );
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
        visitor: () => visitor(fetch, `http://127.0.0.1:${server.address().port}/phone`),
        close() {
            server.closeAllConnections();
            server.close();
        },
    };
}

export const apps = {
    Express: (...given) => express("express", ...given),
    "Express with express.json()": (...given) =>
        express("express", ...given, (app, { json }) => app.use(json({ strict: false }))),
    "Express 4": (...given) => express("express-4", ...given),

    async Fastify(verifier, verified) {
        const { default: Fastify } = await import("fastify");
        const { default: cookie } = await import("@fastify/cookie");
        const { default: session } = await import("@fastify/session");
        const { verificationPlugin } = await import("egoi-verify/fastify");
        const app = Fastify();
        await app.register(cookie);
        await app.register(session, { secret: SECRET, cookie: { secure: false }, saveUninitialized: false });
        await app.register(verificationPlugin(verifier, { verified, onError: () => {} }), { prefix: "/phone" });
        const url = await app.listen({ port: 0, host: "127.0.0.1" });
        return { visitor: () => visitor(fetch, `${url}/phone`), close: () => app.close() };
    },

    async Hono(verifier, verified) {
        const { Hono } = await import("hono");
        const { getSignedCookie, setSignedCookie } = await import("hono/cookie");
        const { verificationHandler } = await import("egoi-verify/hono");
        const app = new Hono();
        app.use(async (context, next) => {
            const session = JSON.parse((await getSignedCookie(context, SECRET, "session")) || "{}");
            context.set("session", session);
            await next();
            await setSignedCookie(context, "session", JSON.stringify(session), SECRET);
        });
        const session = (context) => context.get("session");
        app.all("/phone/*", verificationHandler(verifier, { session, verified, onError: () => {} }));
        app.onError((_error, context) => context.json({ error: "the application's own" }, 500));
        return { visitor: () => visitor((...given) => app.request(...given), "/phone"), close() {} };
    },

    async "Request and Response"(verifier, verified) {
        const { verificationHandler } = await import("egoi-verify/web");
        const handle = verificationHandler(verifier, { verified, onError: () => {} });
        const sessions = new Map();
        const site = async (url, init) => {
            const request = new Request(url, init);
            const id = /session=([\w-]+)/.exec(request.headers.get("cookie") ?? "")?.[1] ?? crypto.randomUUID();
            sessions.set(id, sessions.get(id) ?? {});
            try {
                const response = await handle(request, { session: sessions.get(id), client: "192.0.2.1" });
                response.headers.set("set-cookie", `session=${id}; HttpOnly`);
                return response;
            } catch {
                return Response.json({ error: "the application's own" }, { status: 500 });
            }
        };
        return { visitor: () => visitor(site, "https://shop.example/api/phone"), close() {} };
    },
};
