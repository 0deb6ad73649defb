export type { NumberType } from "./addon.js";
export type { CallOptions, OutgoingSms, SendContext, SendSms } from "./calls.js";
export type {
  Accept,
  ClientOptions,
  ClientSettings,
  EgoiSmsOptions,
  EgoiSmsSettings,
  SenderInfo,
  StatusMeaning,
} from "./client.js";
export { Client, EgoiSms } from "./client.js";
export type { EngineOptions } from "./engine.js";
export { Engine } from "./engine.js";
export type { ErrorCode, VerifyErrorFields } from "./errors.js";
export {
  ClosedError,
  ConflictError,
  DeliveryFailedError,
  ForbiddenError,
  ForkedError,
  InternalError,
  InterruptedError,
  InvalidInputError,
  InvalidResponseError,
  MisconfiguredError,
  NotFoundError,
  NotSent,
  RateLimitedError,
  RedirectedError,
  RejectedError,
  StorageError,
  TimeoutError,
  UnauthorizedError,
  UnavailableError,
  UnreachableError,
  UnsupportedError,
  VerifyError,
} from "./errors.js";
export type { CallEvent, Verb } from "./events.js";
export type { SmsParts } from "./functions.js";
export { codeInSms, generateCode, PhoneNumber, parseNumber, smsParts, withAppHash, withOrigin } from "./functions.js";
export type { CodeType, Outcome, OutcomeDetails, SmsStatus, State } from "./outcome.js";
export { isVerified } from "./outcome.js";
export type { PrefixQuota, Quota } from "./quota.js";
export type { StoreOptions } from "./store.js";
export { Store } from "./store.js";
export type { NumberLimit, NumberRecord, VerificationFields } from "./verification.js";
export { Verification } from "./verification.js";
export type { RequestOptions, ValidateOptions, Verifier } from "./verifier.js";
