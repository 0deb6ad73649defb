import { answer, type EndpointOptions, MAX_BODY, type Session } from "./endpoints.js";
import type { Verifier } from "./verifier.js";

export type { EndpointOptions, Pending, Session } from "./endpoints.js";

/** The part of an Express request that the endpoints use. */
export interface ExpressRequest extends AsyncIterable<unknown> {
  method?: string;
  url?: string;
  headers: { [name: string]: string | string[] | undefined };
  readonly ip?: string | undefined;
  body?: unknown;
  readonly readableEnded?: boolean;
}

/** The part of an Express response that the endpoints use. */
export interface ExpressResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/**
 * The options of the endpoints in Express.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationRouter } from "egoi-verify/express";
 *
 * verificationRouter(Client.fromEnv(), {
 *   client: (request) => request.ip,
 *   verified: (_request, number) => saveNumber(number),
 * });
 * ```
 */
export interface RouterOptions<Request extends ExpressRequest> extends EndpointOptions<Request> {
  /** Returns the visitor's session. Default: `request.session`, which express-session and cookie-session set. */
  session?: ((request: Request) => Session | Promise<Session>) | undefined;
  /**
   * Returns the caller, for the limits of a client or an engine. Default: `request.ip`. Behind a proxy, set Express's
   * `trust proxy`: without it, `request.ip` is the proxy's address.
   */
  client?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Three endpoints that prove a phone number, for Express 4 and 5. `verificationHandler` of `egoi-verify/web` lists them.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationRouter } from "egoi-verify/express";
 *
 * app.use(session({ secret, resave: false, saveUninitialized: false })); // Of express-session.
 * app.use("/phone", verificationRouter(Client.fromEnv(), { verified: (_request, number) => saveNumber(number) }));
 * ```
 */
export function verificationRouter<Request extends ExpressRequest>(
  verifier: Verifier,
  options: RouterOptions<Request>,
): (request: Request, response: ExpressResponse, next: (error?: unknown) => void) => void {
  const sessionOf = options.session ?? ((request) => (request as { session?: Session }).session ?? noSession());
  const clientOf = options.client ?? ((request) => request.ip);
  return (request, response, next) => {
    const work = answer(verifier, options, {
      method: request.method ?? "",
      path: (request.url ?? "").split("?")[0] ?? "",
      contentType: contentTypeOf(request),
      body: () => bodyOf(request),
      session: () => sessionOf(request),
      client: () => clientOf(request),
      verified: (number) => options.verified(request, number),
    });
    work.then((found) => {
      if (found === undefined) {
        return next();
      }
      response.writeHead(found.status, { ...found.headers, "Content-Type": "application/json; charset=utf-8" });
      response.end(JSON.stringify(found.body));
    }, next);
  };
}

function noSession(): never {
  throw new Error("the request has no session: mount express-session before the router, or set the option `session`");
}

function contentTypeOf({ headers }: ExpressRequest): string | undefined {
  const type = headers["content-type"];
  return Array.isArray(type) ? type[0] : type;
}

/** The value that `express.json()` made of the body, or the text of a body that is not read yet. */
async function bodyOf(request: ExpressRequest): Promise<unknown> {
  if (request.readableEnded === true || (request.body !== undefined && request.body !== null)) {
    return request.body ?? "";
  }
  const decoder = new TextDecoder();
  let text = "";
  // To the end: leaving the loop would destroy the connection, and with it the response.
  for await (const part of request) {
    if (text.length <= MAX_BODY) {
      text += decoder.decode(part as Uint8Array, { stream: true });
    }
  }
  return text.slice(0, MAX_BODY); // Of one that is longer, the beginning is no JSON.
}
