import { answer, type EndpointOptions, MAX_BODY, type Session } from "./endpoints.js";
import type { Verifier } from "./verifier.js";

export type { EndpointOptions, Pending, Session } from "./endpoints.js";

/** The part of a Fastify request that the endpoints use. */
export interface FastifyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { [name: string]: string | string[] | undefined };
  readonly ip: string;
  readonly body: unknown;
}

/** The part of a Fastify reply that the endpoints use. */
export interface FastifyReply {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: unknown): unknown;
}

/** The part of a Fastify instance that the plug-in uses. */
export interface FastifyInstance {
  removeAllContentTypeParsers(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: Fastify's own functions have overloads and type parameters.
  addContentTypeParser: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  all: any;
}

/**
 * The options of the endpoints in Fastify.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationPlugin } from "egoi-verify/fastify";
 *
 * verificationPlugin(Client.fromEnv(), {
 *   client: (request) => request.ip,
 *   verified: (_request, number) => saveNumber(number),
 * });
 * ```
 */
export interface PluginOptions<Request extends FastifyRequest> extends EndpointOptions<Request> {
  /** Returns the visitor's session. Default: `request.session`, which `@fastify/session` sets. */
  session?: ((request: Request) => Session | Promise<Session>) | undefined;
  /**
   * Returns the caller, for the limits of a client or an engine. Default: `request.ip`. Behind a proxy, set Fastify's
   * `trustProxy`: without it, `request.ip` is the proxy's address.
   */
  client?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Three endpoints that prove a phone number, as a plug-in for Fastify 5. `verificationHandler` of `egoi-verify/web` lists them.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationPlugin } from "egoi-verify/fastify";
 *
 * await app.register(fastifySession, { secret }); // Of @fastify/session.
 * await app.register(verificationPlugin(Client.fromEnv(), { verified: (_request, number) => saveNumber(number) }), {
 *   prefix: "/phone",
 * });
 * ```
 */
export function verificationPlugin<Request extends FastifyRequest>(
  verifier: Verifier,
  options: PluginOptions<Request>,
): (app: FastifyInstance) => Promise<void> {
  const sessionOf = options.session ?? ((request) => (request as { session?: Session }).session ?? noSession());
  const clientOf = options.client ?? ((request) => request.ip);
  return async (app) => {
    // Only of this plug-in. Fastify's own parser refuses a missing body, and `resend` needs no body.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "string", bodyLimit: MAX_BODY }, async (_: unknown, body: string) => body);
    const handle = async (request: Request, reply: FastifyReply) => {
      const type = request.headers["content-type"];
      const found = await answer(verifier, options, {
        method: request.method,
        path: request.url.split("?")[0] ?? "",
        contentType: Array.isArray(type) ? type[0] : type,
        body: () => request.body ?? "",
        session: () => sessionOf(request),
        client: () => clientOf(request),
        verified: (number) => options.verified(request, number),
      });
      reply.code(found?.status ?? 404);
      reply.headers(found?.headers ?? {});
      return found?.body;
    };
    for (const path of ["/request", "/validate", "/resend"]) {
      app.all(path, handle);
    }
  };
}

function noSession(): never {
  throw new Error("the request has no session: register @fastify/session, or set the option `session`");
}
