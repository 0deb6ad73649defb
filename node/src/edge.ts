// `egoi-verify` in a browser, an edge runtime or workerd, which cannot load the native part. The errors and `isVerified` work.
// Everything else throws an error with the cause when it is used.

export * from "./errors.js";
export { isVerified } from "./outcome.js";

function unavailable(name: string): Error {
  return new Error(
    `${name} of egoi-verify needs its native part, which this runtime cannot load: it needs Node, Bun or Deno on a server, ` +
      'and no edge runtime or browser. In Next.js: `export const runtime = "nodejs"`; in Jest with jsdom: ' +
      '`testEnvironmentOptions: { customExportConditions: ["node"] }`.',
  );
}

function unavailableClass(name: string, ...functions: string[]): new () => never {
  const type = class {
    constructor() {
      throw unavailable(name);
    }
  };
  for (const each of functions) {
    Object.defineProperty(type, each, { value: unavailableFunction(`${name}.${each}`) });
  }
  return type as new () => never;
}

const unavailableFunction = (name: string) => (): never => {
  throw unavailable(name);
};

export const Client = unavailableClass("Client", "fromEnv");
export const EgoiSms = unavailableClass("EgoiSms");
export const Engine = unavailableClass("Engine");
export const PhoneNumber = unavailableClass("PhoneNumber");
export const Store = unavailableClass("Store");
export const Verification = unavailableClass("Verification");

export const codeInSms = unavailableFunction("codeInSms");
export const generateCode = unavailableFunction("generateCode");
export const parseNumber = unavailableFunction("parseNumber");
export const smsParts = unavailableFunction("smsParts");
export const withAppHash = unavailableFunction("withAppHash");
export const withOrigin = unavailableFunction("withOrigin");

// Of `egoi-verify/testing`.
export const Message = unavailableClass("Message");
export const Sandbox = unavailableClass("Sandbox", "start");
export const SandboxClock = unavailableClass("SandboxClock");
export const TestClock = unavailableClass("TestClock");
export const setUpSandbox = unavailableFunction("setUpSandbox");
