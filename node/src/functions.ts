import { addon, type NumberType, type PhoneNumberFields } from "./addon.js";
import { string, whole } from "./check.js";
import { callNative, inspectSymbol } from "./errors.js";
import type { CodeType } from "./outcome.js";

/**
 * The size of a text as SMS.
 *
 * @example
 * ```ts
 * const { encoding, parts } = smsParts("Your code is 123456"); // gsm7, 1
 * ```
 */
export interface SmsParts {
  /** The encoding. One character outside the GSM alphabet makes the whole text `ucs2`. */
  readonly encoding: "gsm7" | "ucs2";
  /** The length: septets for GSM 7-bit (an extension character such as `€` takes 2), UTF-16 code units for UCS-2. */
  readonly characters: number;
  /** The number of SMS that are sent and billed, 1 or more. */
  readonly parts: number;
}

/** Checks the type of an argument, unless it is `undefined`. */
const given = <T>(value: T | undefined, kind: typeof string, field: string) =>
  value === undefined ? undefined : (kind.of(value, field) as T);

/**
 * Draws a code from the operating system's randomness. Default: 6 digits.
 *
 * @throws {@link InvalidInputError} for an unknown type or a size that is not 4 to 20.
 * @example
 * ```ts
 * generateCode("hex", 8); // For example "09AF31B7".
 * ```
 */
export function generateCode(codeType?: CodeType, codeSize?: number): string {
  const [type, size] = [given(codeType, string, "codeType"), given(codeSize, whole, "codeSize")];
  return callNative(() => addon.generateCode(type, size));
}

/**
 * A phone number. Its `e164` is not copied. JSON and `console.log` show the number masked.
 *
 * @example
 * ```ts
 * const { e164 } = parseNumber("00351 910 000 000"); // +351910000000
 * ```
 */
export class PhoneNumber {
  /** The country, by ISO 3166 code, for example `PT`. `undefined` if the number does not show its country. */
  readonly country: string | undefined;
  /** The calling code of its country or region, for example 351. */
  readonly callingCode: number;
  /**
   * The type of the number. `fixed_line_or_mobile`: the numbering plan does not distinguish them, as in North America. `uan`: a
   * company's number for its whole country. `unknown`: a number outside the known ranges.
   */
  readonly type: NumberType;
  /** The number with its middle digits hidden, `+35191*****00`. */
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

  /** The full number in E.164, `+351910000000`. It is equal for two spellings of one number. */
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
 * Reads a phone number as people write it: `+351 910 000 000`, `00351910000000` or `351-910000000`. With `defaultRegion`, the
 * ISO 3166 code of a country, it also reads a national number of that country.
 *
 * @throws {@link InvalidInputError} if the text is not a number. `reason` has the cause, for example `no_country_code`.
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

/**
 * Counts the SMS parts of a text, with the code already in place.
 *
 * @throws {@link InvalidInputError} for what is not a string.
 * @example
 * ```ts
 * const { parts } = smsParts("123456 is your verification code."); // 1
 * ```
 */
export function smsParts(text: string): SmsParts {
  const checked = string.of(text, "text") as string;
  return callNative(() => addon.smsParts(checked));
}

/**
 * Adds the line `@host #{CODE}`, the last line of the text. Browsers and iOS then offer the code only to this site.
 *
 * @throws {@link InvalidInputError} for a host that is no domain name, and for a message that has such a line already.
 * @example
 * ```ts
 * await client.request(number, { message: withOrigin("{CODE} is your code.", "shop.example") });
 * ```
 */
export function withOrigin(message: string, host: string): string {
  const [text, name] = [string.of(message, "message") as string, string.of(host, "host") as string];
  return callNative(() => addon.withOrigin(text, name));
}

/**
 * Adds the 11-character hash of an app as the last line. Android's SMS Retriever then gives the SMS only to this app.
 *
 * @throws {@link InvalidInputError} for a hash that does not have 11 characters, and for a message that has such a line
 * already.
 * @example
 * ```ts
 * await client.request(number, { message: withAppHash("{CODE} is your code.", "FA+9qCX9VSu") });
 * ```
 */
export function withAppHash(message: string, hash: string): string {
  const [text, of] = [string.of(message, "message") as string, string.of(hash, "hash") as string];
  return callNative(() => addon.withAppHash(text, of));
}

/**
 * Finds the code in the text of an SMS. It is a guess. `undefined` if no part of the text looks like a code.
 *
 * @throws {@link InvalidInputError} for an unknown type or a size that is not 4 to 20.
 * @example
 * ```ts
 * codeInSms("123456 is your verification code."); // "123456"
 * ```
 */
export function codeInSms(text: string, codeType?: CodeType, codeSize?: number): string | undefined {
  const of = string.of(text, "text") as string;
  const [type, size] = [given(codeType, string, "codeType"), given(codeSize, whole, "codeSize")];
  return callNative(() => addon.codeInSms(of, type, size)) ?? undefined;
}
