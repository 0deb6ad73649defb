// JavaScript checks no types. Only types are checked here. The rules are core's.

import type { CheckedOptions } from "./addon.js";
import { invalid, unknownOption } from "./errors.js";

/** A type, with its check and its conversion for the native part. */
export interface Kind {
  is: string;
  of(value: unknown, field: string): unknown;
}

function kind(is: string, fits: (value: unknown) => boolean, of: Kind["of"] = (value) => value): Kind {
  return {
    is,
    of(value, field) {
      if (!fits(value)) {
        throw invalid(field, value, is);
      }
      return of(value, field);
    },
  };
}

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

export const string = kind("a string", (value) => typeof value === "string");
const isFiniteNumber = (value: unknown) => typeof value === "number" && Number.isFinite(value);

export const number = kind("a number", isFiniteNumber);
export const seconds = kind("a number of seconds", isFiniteNumber);
export const whole = kind("a whole number", (value) => Number.isSafeInteger(value));
export const boolean = kind("a boolean", (value) => typeof value === "boolean");
/** Accepts a `Uint8Array` of another realm too, for example of Jest with jsdom: `instanceof` would not. */
const isBytes = (value: unknown) =>
  Object.prototype.toString.call(value) === "[object Uint8Array]" && ArrayBuffer.isView(value);

export const bytes = kind("a Uint8Array", isBytes);
export const signal = kind(
  "an AbortSignal",
  (value) => isObject(value) && typeof (value as AbortSignal).addEventListener === "function",
);
/** A string stands for its UTF-8 bytes. */
export const bytesOrText = kind("a string or a Uint8Array", (value) => typeof value === "string" || isBytes(value));

export function listOf(each: Kind): Kind {
  return kind(`an array, each ${each.is}`, Array.isArray, (value, field) =>
    (value as unknown[]).map((one, n) => each.of(one, `${field}[${n}]`)),
  );
}

/** An object whose names are the user's own. They are kept as they are. */
export function mapTo(each: Kind): Kind {
  return kind("an object", isObject, (value, field) => {
    const entries = Object.entries(value as object);
    return new Map(entries.map(([name, one]) => [name, each.of(one, `${field}.${name}`)]));
  });
}

export function objectOf(kinds: Kinds): Kind {
  return kind("an object", isObject, (value, field) => options(value, kinds, field));
}

/** An object that has all these fields. */
export function wholeObjectOf(kinds: Kinds): Kind {
  return kind("an object", isObject, (value, field) => {
    const checked = options(value, kinds, field);
    for (const [name, each] of Object.entries(kinds)) {
      each.of(checked[name], `${field}.${name}`);
    }
    return checked;
  });
}

/** `null` switches a limit off. */
export function orNull(limit: Kind): Kind {
  return {
    is: `${limit.is} or null`,
    of: (value, field) => (value === null ? null : limit.of(value, field)),
  };
}

export type Kinds = Readonly<Record<string, Kind>>;

/** Checks the type of each option. An unknown option is refused: it is probably misspelt. */
export function options(given: unknown, kinds: Kinds, within?: string): CheckedOptions {
  const checked: CheckedOptions = {};
  if (given === undefined) {
    return checked;
  }
  if (!isObject(given)) {
    throw invalid(within ?? "options", given, "an object");
  }
  for (const name in given as object) {
    const value = (given as CheckedOptions)[name];
    if (value !== undefined) {
      const field = within === undefined ? name : `${within}.${name}`;
      const known = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      if (known === undefined) {
        throw unknownOption(field, Object.keys(kinds));
      }
      checked[name] = known.of(value, field);
    }
  }
  return checked;
}

/** The options for the native part: JSON with core's names. */
export function toSettings(checked: CheckedOptions): string {
  return JSON.stringify(settingsOf(checked));
}

function settingsOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (isBytes(value) || Array.isArray(value)) {
    return Array.from(value as ArrayLike<unknown>, settingsOf);
  }
  if (value instanceof Map) {
    return Object.fromEntries(value);
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [toSnakeCase(name), settingsOf(each)]));
}

export const toSnakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
