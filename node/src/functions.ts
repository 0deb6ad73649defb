import { addon, type NumberType, type PhoneNumberFields } from "./addon.js";
import { string, whole } from "./check.js";
import { callNative, inspectSymbol } from "./errors.js";
import type { CodeType } from "./outcome.js";

/** What a text takes when it is sent by SMS. */
export interface SmsParts {
  /** One character outside the GSM alphabet makes the whole text `ucs2`. */
  readonly encoding: "gsm7" | "ucs2";
  /** Septets for GSM 7-bit (an extension character such as `€` takes 2), UTF-16 code units for UCS-2. */
  readonly characters: number;
  /** How many SMS are sent and billed, 1 or more. */
  readonly parts: number;
}

/** Checks what was given; what was left out stays so. */
const given = <T>(value: T | undefined, kind: typeof string, field: string) =>
  value === undefined ? undefined : (kind.of(value, field) as T);

/** Draws a code from the operating system's randomness: by default 6 digits. */
export function generateCode(codeType?: CodeType, codeSize?: number): string {
  const [type, size] = [given(codeType, string, "codeType"), given(codeSize, whole, "codeSize")];
  return callNative(() => addon.generateCode(type, size));
}

/** A phone number. Its `e164` is not copied, and JSON and `console.log` have it masked. */
export class PhoneNumber {
  /** Its country, by ISO 3166 code, for example `PT`; `undefined` where the number does not tell it. */
  readonly country: string | undefined;
  /** The calling code of its country or region, for example 351. */
  readonly callingCode: number;
  /**
   * What it is for. `fixed_line_or_mobile` is one of the two: the plan does not tell, as in North America. `uan` is a
   * company's number everywhere in its country. `unknown` is in no range that is known.
   */
  readonly type: NumberType;
  /** The number as it may be shown to others, `+35191*****00`. */
  readonly masked: string;
  readonly #e164: string;

  /** @internal */
  constructor(fields: PhoneNumberFields) {
    this.country = fields.country;
    this.callingCode = fields.callingCode;
    this.type = fields.type;
    this.masked = fields.masked;
    this.#e164 = fields.e164;
  }

  /** The full number in E.164, `+351910000000`. Two spellings of one phone have the same. */
  get e164(): string {
    return this.#e164;
  }

  /** Returns the masked number. */
  toString(): string {
    return this.masked;
  }

  /** Returns the fields without the full number. */
  toJSON(): object {
    return { ...this };
  }

  /** @internal */
  [inspectSymbol](): string {
    return `PhoneNumber ${this.masked}`;
  }
}

/**
 * Reads a phone number as people write it: `+351 910 000 000`, `00351910000000` or `351-910000000`; with `defaultRegion`,
 * the ISO 3166 code of a country, a national number of that country too. Two spellings of one phone are one number.
 *
 * @throws {@link InvalidInputError} for anything else; `reason` says why, for example `no_country_code`.
 * @example
 * ```ts
 * const { e164 } = parseNumber("910 000 000", "PT"); // +351910000000
 * ```
 */
export function parseNumber(text: string, defaultRegion?: string): PhoneNumber {
  const checked = string.of(text, "text") as string;
  const region = given<string>(defaultRegion, string, "defaultRegion");
  return new PhoneNumber(callNative(() => addon.parseNumber(checked, region)));
}

/** Counts the SMS parts of a text, with the code already in place. */
export function smsParts(text: string): SmsParts {
  const checked = string.of(text, "text") as string;
  return callNative(() => addon.smsParts(checked));
}

/** Adds the line `@host #{CODE}` by which browsers and iOS offer the code to this site alone. It has to stay last. */
export function withOrigin(message: string, host: string): string {
  const [text, name] = [string.of(message, "message") as string, string.of(host, "host") as string];
  return callNative(() => addon.withOrigin(text, name));
}

/** Adds the 11-character hash by which Android's SMS Retriever hands the SMS to this app alone, as the last line. */
export function withAppHash(message: string, hash: string): string {
  const [text, of] = [string.of(message, "message") as string, string.of(hash, "hash") as string];
  return callNative(() => addon.withAppHash(text, of));
}

/** Reads the code from the text of an SMS; `undefined` where no part of it is plausible. A guess. */
export function codeInSms(text: string, codeType?: CodeType, codeSize?: number): string | undefined {
  const of = string.of(text, "text") as string;
  const [type, size] = [given(codeType, string, "codeType"), given(codeSize, whole, "codeSize")];
  return callNative(() => addon.codeInSms(of, type, size)) ?? undefined;
}
