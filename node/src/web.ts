import { answer, type EndpointOptions, MAX_BODY, type Session } from "./endpoints.js";
import type { Verifier } from "./verifier.js";

export type { EndpointOptions, Pending, Session } from "./endpoints.js";

/**
 * The visitor who makes a request.
 *
 * @example
 * ```ts
 * const response = await handle(request, { session, client: "203.0.113.7" });
 * ```
 */
export interface Visitor {
  /** The visitor's session. Save it after the call, and before you return the response. */
  session: Session;
  /** The visitor, for the limits of a client or an engine: an address, a session or a device. */
  client?: string | undefined;
}

/**
 * Responds to a request of a visitor.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { type VerificationHandler, verificationHandler } from "egoi-verify/web";
 *
 * const handle: VerificationHandler = verificationHandler(Client.fromEnv(), {
 *   verified: (_request, number) => saveNumber(number),
 * });
 * ```
 */
export type VerificationHandler = (request: Request, visitor: Visitor) => Promise<Response>;

/**
 * Three endpoints that prove a phone number, for servers with `Request` and `Response`: Next.js, SvelteKit, Bun, Deno. The last
 * segment of the path selects the endpoint.
 *
 * | endpoint | body | response |
 * | --- | --- | --- |
 * | `POST …/request` | `{ number }` | 202 `{ expires_in, resend_in, resends_left }`, in seconds |
 * | `POST …/validate` | `{ code }` | 200 `{ outcome }`; only `verified` proves the number |
 * | `POST …/resend` | | 202, as `request` |
 *
 * A failure is `{ error: { code, detail, … } }`. Its status is 400 for a body that is missing or not understood, 422 for a number
 * that is refused, 409 if the visitor has no pending request, and 429 with `Retry-After` for a limit. Any other failure has
 * the `suggestedStatus` of its error. Any other path is 404.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationHandler } from "egoi-verify/web";
 *
 * const handle = verificationHandler(Client.fromEnv(), { verified: (_request, number) => saveNumber(number) });
 *
 * export async function POST(request: Request): Promise<Response> {
 *   const session = await sessionOf(request);
 *   const response = await handle(request, { session });
 *   await session.save();
 *   return response;
 * }
 * ```
 */
export function verificationHandler(verifier: Verifier, options: EndpointOptions<Request>): VerificationHandler {
  return async (request, { session, client }) => {
    const found = await answer(verifier, options, {
      method: request.method,
      path: new URL(request.url).pathname,
      contentType: request.headers.get("content-type") ?? undefined,
      body: () => textOf(request),
      session: () => session,
      client: () => client,
      verified: (number) => options.verified(request, number),
    });
    return found === undefined
      ? new Response(null, { status: 404 })
      : Response.json(found.body, { status: found.status, headers: found.headers });
  };
}

/** The text of the body. A body that is too long is cut, and then it is not JSON. */
async function textOf(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of request.body ?? []) {
    text += decoder.decode(part as Uint8Array, { stream: true });
    if (text.length > MAX_BODY) {
      return text.slice(0, MAX_BODY);
    }
  }
  return text;
}
