import type { EndpointOptions, Session } from "./endpoints.js";
import type { Verifier } from "./verifier.js";
import { verificationHandler as webHandler } from "./web.js";

export type { EndpointOptions, Pending, Session } from "./endpoints.js";

/** The part of a Hono context that the endpoints use. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  // biome-ignore lint/suspicious/noExplicitAny: Hono's own has overloads and type parameters.
  readonly get: any;
}

/**
 * The options of the endpoints in Hono.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationHandler } from "egoi-verify/hono";
 *
 * verificationHandler(Client.fromEnv(), {
 *   session: (context) => context.get("session"),
 *   verified: (_context, number) => saveNumber(number),
 * });
 * ```
 */
export interface HandlerOptions<Context extends HonoContext> extends EndpointOptions<Context> {
  /** Returns the visitor's session, for example `context.get("session")`. The session middleware saves it. */
  session: (context: Context) => Session | Promise<Session>;
  /**
   * Returns the caller, for the limits of a client or an engine, for example the address of `getConnInfo` of your runtime. Default:
   * callers are not distinguished.
   */
  client?: ((context: Context) => string | undefined) | undefined;
}

/**
 * Three endpoints that prove a phone number, for Hono. `verificationHandler` of `egoi-verify/web` lists them.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationHandler } from "egoi-verify/hono";
 *
 * app.all(
 *   "/phone/*",
 *   verificationHandler(Client.fromEnv(), {
 *     session: (context) => context.get("session"),
 *     verified: (_context, number) => saveNumber(number),
 *   }),
 * );
 * ```
 */
export function verificationHandler<Context extends HonoContext>(
  verifier: Verifier,
  options: HandlerOptions<Context>,
): (context: Context) => Promise<Response> {
  return async (context) => {
    const verified = (_request: Request, number: string) => options.verified(context, number);
    const handle = webHandler(verifier, { ...options, verified });
    return handle(context.req.raw, { session: await options.session(context), client: options.client?.(context) });
  };
}
