import { answer, type EndpointOptions, MAX_BODY, type Session } from "./endpoints.js";
import type { Verifier } from "./verifier.js";

export type { EndpointOptions, Pending, Session } from "./endpoints.js";

/** What is used of a request of Fastify. */
export interface FastifyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { [name: string]: string | string[] | undefined };
  readonly ip: string;
  readonly body: unknown;
}

/** What is used of a reply of Fastify. */
export interface FastifyReply {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: unknown): unknown;
}

/** What is used of an instance of Fastify. */
export interface FastifyInstance {
  removeAllContentTypeParsers(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: Fastify's own functions have overloads and type parameters.
  addContentTypeParser: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  all: any;
}

/** Options of the endpoints in Fastify. */
export interface PluginOptions<Request extends FastifyRequest> extends EndpointOptions<Request> {
  /** Returns the visitor's session. Default: `request.session`, which `@fastify/session` sets. */
  session?: ((request: Request) => Session | Promise<Session>) | undefined;
  /**
   * Names who asks, for the limits of an engine. Default: `request.ip`, which behind a proxy is the proxy's unless Fastify's
   * `trustProxy` is set.
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
    // Of this plug-in only. Fastify's own refuses a missing body, which `resend` may have.
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
