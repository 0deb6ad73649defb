import type { Client } from "./client.js";
import { Sandbox, type SandboxOptions } from "./sandbox.js";

type Hook = (work: () => Promise<void> | void) => unknown;

/**
 * The hooks of a test runner: `before` and `after` of node:test, `beforeAll` and `afterAll` of Vitest and Jest.
 *
 * @example
 * ```ts
 * import { after, before, beforeEach } from "node:test";
 *
 * const phones = setUpSandbox({ before, beforeEach, after });
 * ```
 */
export type Hooks = {
  /** Runs before each test. */
  beforeEach: Hook;
} & (
  | {
      /** Runs once before the tests. */
      before: Hook;
      /** Runs once after the tests. */
      after: Hook;
    }
  | {
      /** Runs once before the tests. */
      beforeAll: Hook;
      /** Runs once after the tests. */
      afterAll: Hook;
    }
);

/**
 * The sandbox and the client that the tests of a file share.
 *
 * @example
 * ```ts
 * import { after, before, beforeEach, test } from "node:test";
 *
 * const phones = setUpSandbox({ before, beforeEach, after });
 *
 * test("a number gets a code", async () => {
 *   await phones.client.request("+351 910 000 000");
 * });
 * ```
 */
export interface SandboxOfTests {
  /** The sandbox. It is empty before each test. */
  readonly sandbox: Sandbox;
  /** A client of the sandbox, over V2. */
  readonly client: Client;
}

/**
 * Starts a sandbox before the tests of a file, empties it before each, and closes it after them.
 *
 * @example
 * ```ts
 * import { after, before, beforeEach, test } from "node:test"; // Or beforeAll and afterAll, of Vitest or Jest.
 *
 * const phones = setUpSandbox({ before, beforeEach, after });
 *
 * test("a sign-up", async () => {
 *   await phones.client.request("+351 910 000 000");
 *   const code = await phones.sandbox.waitForCode("+351 910 000 000");
 * });
 * ```
 */
export function setUpSandbox(hooks: Hooks, options?: SandboxOptions): SandboxOfTests {
  let started: { sandbox: Sandbox; client: Client } | undefined;
  const running = () => {
    if (started === undefined) {
      throw new Error("the sandbox runs from the first test of the file to the last, and only then");
    }
    return started;
  };
  const [before, after] = "before" in hooks ? [hooks.before, hooks.after] : [hooks.beforeAll, hooks.afterAll];
  before(async () => {
    const sandbox = await Sandbox.start(options);
    started = { sandbox, client: sandbox.client() };
  });
  hooks.beforeEach(() => running().sandbox.reset());
  after(async () => {
    const { sandbox, client } = running();
    started = undefined;
    client.close();
    await sandbox.close();
  });
  return {
    get sandbox() {
      return running().sandbox;
    },
    get client() {
      return running().client;
    },
  };
}
