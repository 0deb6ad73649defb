// app/api/verification/route.ts of a Next.js application, or of anything with handlers of Request and Response. In
// next.config: `serverExternalPackages: ["egoi-verify"]`, because the package has a native part.

import { Client, type Outcome, VerifyError } from "egoi-verify";

let made: Client | undefined;

/** Made with the first request, so that building the application needs no key. */
const client = () => (made ??= Client.fromEnv());

// Yours is in a store; what matters is that it is on the server.
const sessions = new Map<string, { id: string; number: string }>();

const sessionOf = (request: Request) => /(?:^|; )session=([^;]+)/.exec(request.headers.get("cookie") ?? "")?.[1];

/** Sends a code to the number. */
export async function POST(request: Request): Promise<Response> {
  return answered(async () => {
    const { number } = (await request.json()) as { number: string };
    const { id } = await client().request(number, { ttl: 300, signal: request.signal });
    const session = crypto.randomUUID();
    sessions.set(session, { id, number });
    const headers = { "Set-Cookie": `session=${session}; HttpOnly; Secure; SameSite=Strict; Path=/` };
    return Response.json({ sent: true }, { status: 202, headers });
  });
}

/** Takes the code. */
export async function PUT(request: Request): Promise<Response> {
  return answered(async () => {
    const asked = sessions.get(sessionOf(request) ?? "");
    if (asked === undefined) {
      return Response.json({ error: "ask for a code first" }, { status: 409 });
    }
    const { code } = (await request.json()) as { code: string };
    const outcome = await client().validate(asked.id, code, { number: asked.number, signal: request.signal });
    return Response.json({ outcome, say: words(outcome) }, { status: outcome === "verified" ? 200 : 422 });
  });
}

function words(outcome: Outcome): string {
  switch (outcome) {
    case "verified":
      return "Thank you.";
    case "wrong_code":
      return "That is not the code. Try again.";
    case "expired":
    case "cancelled":
    case "too_many_attempts":
      return "Ask for a new code.";
    case "already_verified":
      return "This code was used already.";
  }
}

async function answered(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VerifyError)) {
      throw error;
    }
    return Response.json({ error: error.code }, { status: error.suggestedStatus });
  }
}
