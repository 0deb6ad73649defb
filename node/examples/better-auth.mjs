// The phone plug-in of better-auth: this library makes, sends and checks the code; better-auth makes the user and the session.

import { APIError } from "better-auth/api";
import { phoneNumber } from "better-auth/plugins";
import { parseNumber, RateLimitedError, VerifyError } from "egoi-verify";

const identifierOf = (number) => `egoi-verify:${number}`;

/** The plug-in over a `Client` or an `Engine`. */
export function phoneVerification(verifier) {
    return phoneNumber({
        // One spelling, so that one phone is one user.
        phoneNumberValidator(number) {
            try {
                return parseNumber(number).e164 === number;
            } catch {
                return false;
            }
        },

        // The code of better-auth is not used. Which request a number has is in better-auth's own database.
        async sendOTP({ phoneNumber: number }, { context }) {
            const { id, expiresAt } = await answered(verifier.request(number));
            await context.internalAdapter.createVerificationValue({
                identifier: identifierOf(number),
                value: id,
                expiresAt,
            });
        },

        async verifyOTP({ phoneNumber: number, code }, { context }) {
            const request = await context.internalAdapter.findVerificationValue(identifierOf(number));
            if (!request) {
                return false;
            }
            return (await answered(verifier.validate(request.value, code, { number }))) === "verified";
        },

        signUpOnVerification: { getTempEmail: (number) => `${number.slice(1)}@phone.invalid` },
    });
}

/** A failure with a status that the browser can act on. */
async function answered(call) {
    try {
        return await call;
    } catch (error) {
        if (!(error instanceof VerifyError)) {
            throw error;
        }
        const status = error instanceof RateLimitedError ? "TOO_MANY_REQUESTS" : "SERVICE_UNAVAILABLE";
        throw new APIError(error.code === "invalid_input" ? "BAD_REQUEST" : status, { code: error.code.toUpperCase() });
    }
}
