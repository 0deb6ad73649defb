// The three endpoints of every framework, and the errors for the visitors of a web site. Python's router has the same bodies and
// statuses.

import { toSnakeCase } from "./check.js";
import { ConflictError, InvalidInputError, VerifyError } from "./errors.js";
import { parseNumber } from "./functions.js";
import type { OutcomeDetails } from "./outcome.js";
import type { Verification } from "./verification.js";
import type { RequestOptions, Verifier } from "./verifier.js";

/**
 * The pending request of a visitor.
 *
 * @example
 * ```ts
 * session.egoi_verify = { id, number, is_verified: false };
 * ```
 */
export interface Pending {
  /** The request's id. */
  id: string;
  /** Id and number stay together: a code for one number must not prove another. */
  number: string;
  /** Whether the number is proved. */
  is_verified: boolean;
}

/**
 * The server's data about one visitor, for example `request.session` of express-session. The endpoints use its key
 * `egoi_verify`.
 *
 * @example
 * ```ts
 * if (session.egoi_verify?.is_verified) signUp(session.egoi_verify.number);
 * ```
 */
export interface Session {
  /** The visitor's pending request. The endpoints write it. */
  egoi_verify?: Pending | undefined;
}

/**
 * The options of the endpoints in every framework.
 *
 * @example
 * ```ts
 * import { Client } from "egoi-verify";
 * import { verificationHandler } from "egoi-verify/web";
 *
 * const handle = verificationHandler(Client.fromEnv(), {
 *   message: "Your code is {CODE}",
 *   verified: (_request, number) => saveNumber(number),
 * });
 * ```
 */
export interface EndpointOptions<Asked> {
  /**
   * Called with the framework's request and the number (E.164) when the number is proved, before the response. The framework
   * handles an error of this function.
   */
  verified: (request: Asked, number: string) => unknown;
  /** The text of the SMS, with `{CODE}`. Default: the verifier's. */
  message?: RequestOptions["message"];
  /** The validity of a code in seconds. Default: the verifier's. */
  ttl?: RequestOptions["ttl"];
  /** Called with an error that the visitor cannot mend. Default: `console.error`. */
  onError?: ((error: VerifyError) => void) | undefined;
}

/** A call of an endpoint, read from the framework's request. */
export interface Asked {
  method: string;
  /** The path of the call. Only its last segment is read. */
  path: string;
  contentType: string | undefined;
  /** The text of the body, or the value that a parser of the framework made of it. */
  body: () => Promise<unknown> | unknown;
  session: () => Promise<Session> | Session;
  client: () => string | undefined;
  verified: (number: string) => unknown;
}

/** The response of an endpoint. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** The maximum size of a body in bytes. */
export const MAX_BODY = 4096;

/** A body that is not a JSON object with the fields of the endpoint. */
class OddBody extends InvalidInputError {}

/** Responds to a call. Returns `undefined` if the endpoint does not exist. */
export async function answer(
  verifier: Verifier,
  { message, ttl, onError = reportError }: EndpointOptions<never>,
  asked: Asked,
): Promise<Answer | undefined> {
  const endpoint = ENDPOINTS[asked.path.replace(/\/+$/, "").split("/").at(-1) ?? ""];
  if (endpoint === undefined) {
    return undefined;
  }
  if (asked.method !== "POST") {
    const error = { code: "invalid_input", detail: "this address accepts POST only", ...NOTHING_MORE };
    return { status: 405, headers: { Allow: "POST" }, body: { error } };
  }
  try {
    return await endpoint(verifier, asked, { message, ttl });
  } catch (error) {
    if (!(error instanceof VerifyError)) {
      throw error;
    }
    if (!isOfVisitor(error)) {
      onError(error);
    }
    return { status: statusOf(error), headers: headersOf(error), body: { error: bodyOf(error) } };
  }
}

type Endpoint = (verifier: Verifier, asked: Asked, options: RequestOptions) => Promise<Answer>;

const ENDPOINTS: { [path: string]: Endpoint | undefined } = {
  __proto__: null as never,

  async request(verifier, asked, options) {
    const number = parseNumber(await textOf(asked, "number")).e164;
    const session = await asked.session();
    const goOnWith = (id: string) => {
      session.egoi_verify = { id, number, is_verified: false };
    };
    try {
      const sent = await verifier.request(number, { ...options, client: asked.client() });
      goOnWith(sent.id);
      return codeSent(sent);
    } catch (error) {
      if (error instanceof VerifyError && canGoOn(error)) {
        goOnWith(error.requestId as string);
      }
      throw error;
    }
  },

  async validate(verifier, asked) {
    const code = await textOf(asked, "code");
    const session = await asked.session();
    const { id, number, is_verified } = pendingOf(session);
    if (is_verified) {
      // The first response was lost, and the same visitor asks again.
      return checked({ outcome: "verified" });
    }
    // The number is the session's, never the form's.
    const options = { number, client: asked.client() };
    const details = (await verifier.validateWithDetails?.(id, code, options)) ?? {
      outcome: await verifier.validate(id, code, options),
    };
    if (details.outcome === "verified") {
      await asked.verified(number);
      session.egoi_verify = { id, number, is_verified: true };
    }
    return checked(details);
  },

  async resend(verifier, asked) {
    return codeSent(await verifier.resend(pendingOf(await asked.session()).id));
  },
};

/** A string field of the body's JSON object. */
async function textOf(asked: Asked, field: string): Promise<string> {
  const odd = (fault: string, reason: string) => new OddBody({ detail: fault, field, reason });
  if (asked.contentType !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(asked.contentType.trim())) {
    // A form of another site can send any other type with the visitor's cookie.
    throw odd("the body must be JSON, with the content type `application/json`", "wrong_type");
  }
  let body: unknown = await asked.body();
  if (typeof body === "string") {
    const written = body;
    try {
      body = JSON.parse(written);
    } catch {
      throw odd(written.trim() === "" ? "the body is missing; it must be JSON" : "the body is not JSON", "malformed");
    }
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw odd(`the body must be a JSON object with \`${field}\``, "wrong_type");
  }
  const text: unknown = Object.hasOwn(body, field) ? (body as Record<string, unknown>)[field] : undefined;
  if (typeof text !== "string") {
    const [is, reason] = text === undefined ? ["missing", "missing"] : ["not a string", "wrong_type"];
    throw odd(`\`${field}\` is ${is}; it must be a string`, reason);
  }
  return text;
}

function pendingOf(session: Session): Pending {
  if (session.egoi_verify === undefined) {
    throw new ConflictError({ detail: "ask for a code first" });
  }
  return session.egoi_verify;
}

function checked({ outcome, attemptsLeft, limit }: OutcomeDetails): Answer {
  const body = { outcome, attempts_left: attemptsLeft, limit: limit === undefined ? undefined : toSnakeCase(limit) };
  return { status: 200, headers: {}, body };
}

/** Times are seconds from now, because a phone's clock may be wrong. */
function codeSent({ expiresAt, resendAt, resendsLeft }: Verification): Answer {
  const secondsTo = (at: Date | undefined) => (at === undefined ? null : Math.max(0, at.getTime() - Date.now()) / 1000);
  const body = { expires_in: secondsTo(expiresAt), resend_in: secondsTo(resendAt), resends_left: resendsLeft ?? null };
  return { status: 202, headers: {}, body };
}

/** Whether the visitor can mend the fault. Otherwise the operator has to see the error. */
const isOfVisitor = ({ suggestedStatus }: VerifyError) => suggestedStatus < 500;

function statusOf(error: VerifyError): number {
  return error instanceof OddBody ? 400 : error.suggestedStatus;
}

function headersOf({ retryAfter }: VerifyError): Record<string, string> {
  return retryAfter === undefined ? {} : { "Retry-After": String(Math.ceil(retryAfter)) };
}

/**
 * Whether the error has the id of a pending request whose SMS was sent or possibly sent. `resendAfter` stops a double click, for
 * example: the code of the first click is on its way.
 */
function canGoOn(error: VerifyError): boolean {
  return error.requestId !== undefined && (error.smsPossiblySent || error.limit === "resendAfter");
}

const NOTHING_MORE = { field: null, reason: null, limit: null, retry_after: null, sms_possibly_sent: false };

/** The error as JSON, without the details that are for an operator. */
function bodyOf(error: VerifyError): object {
  const { code, field, reason, limit, retryAfter, smsPossiblySent } = error;
  return {
    code,
    detail: detailOf(error),
    field: field !== undefined && isOfVisitor(error) ? toSnakeCase(field) : null,
    reason: reason !== undefined && isOfVisitor(error) ? reason : null,
    limit: limit === undefined ? null : toSnakeCase(limit),
    retry_after: retryAfter ?? null,
    sms_possibly_sent: smsPossiblySent,
  };
}

/** The error for the visitor, in English. */
function detailOf(error: VerifyError): string {
  if (isOfVisitor(error)) {
    return error.detail;
  }
  if (canGoOn(error)) {
    return "Something went wrong. If a code reaches you, enter it. If no code arrives, ask for a new one.";
  }
  if (error.smsPossiblySent) {
    // The id of that request is not known, so its code cannot be checked.
    return "Something went wrong. If a code reaches you, it will not work. Ask for a new one.";
  }
  return "Something went wrong. Try again later.";
}

function reportError(error: VerifyError): void {
  console.error("egoi-verify: a verification failed:", error);
}
