export { Client, EgoiSms } from "./client.js";
export type { ClientOptions, ClientSettings, SenderInfo, StatusMeaning } from "./client.js";
export { Engine } from "./engine.js";
export type { EngineOptions, Quota } from "./engine.js";
export {
  ClosedError,
  ConflictError,
  ForbiddenError,
  ForkedError,
  InternalError,
  InterruptedError,
  InvalidInputError,
  NotFoundError,
  NotSent,
  RateLimitedError,
  RedirectedError,
  RejectedError,
  DeliveryFailedError,
  StorageError,
  TimeoutError,
  UnauthorizedError,
  UnavailableError,
  InvalidResponseError,
  UnreachableError,
  UnsupportedError,
  VerifyError,
} from "./errors.js";
export type { ErrorCode, VerifyErrorFields } from "./errors.js";
export { codeInSms, generateCode, parseNumber, smsParts, withAppHash, withOrigin } from "./functions.js";
export type { SmsParts } from "./functions.js";
export type { CallOptions, OutgoingSms, SendSms } from "./port.js";
export { isVerified, Verification } from "./verification.js";
export type { CodeType, Outcome, State } from "./verification.js";
export { Verifier } from "./verifier.js";
export type { RequestOptions, ValidateOptions } from "./verifier.js";
