// A hook that proves a phone number through the three endpoints of `egoi-verify/express` and the like, which are mounted at
// `/phone`. Where the browser has WebOTP, the phone fills the code in by itself.

import { useCallback, useEffect, useRef, useState } from "react";

async function post(path, body) {
    const response = await fetch(`/phone/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
    });
    const { error, ...rest } = await response.json();
    if (error) {
        throw Object.assign(new Error(error.detail), { code: error.code, smsPossiblySent: error.sms_possibly_sent });
    }
    return rest;
}

/** Counts down to 0, in seconds. */
function useCountdown() {
    const [end, setEnd] = useState(0);
    const [now, setNow] = useState(0);
    useEffect(() => {
        if (now >= end) {
            return;
        }
        const timer = setTimeout(() => setNow(Date.now()), 250);
        return () => clearTimeout(timer);
    }, [end, now]);
    const start = useCallback((seconds) => {
        setNow(Date.now());
        setEnd(Date.now() + (seconds ?? 0) * 1000);
    }, []);
    return [Math.max(0, Math.ceil((end - now) / 1000)), start];
}

/**
 * `step` is `number`, `code` or `verified`; `error` is what to show. `resendIn` is 0 when a resend is possible.
 */
export function usePhoneVerification() {
    const [step, setStep] = useState("number");
    const [error, setError] = useState();
    const [outcome, setOutcome] = useState();
    const [resendIn, countFrom] = useCountdown();
    const listening = useRef();

    useEffect(() => () => listening.current?.abort(), []);

    const attempt = useCallback(async (work) => {
        setError(undefined);
        try {
            return await work();
        } catch (failure) {
            setError(failure);
            return undefined;
        }
    }, []);

    const submitCode = useCallback(
        (code) =>
            attempt(async () => {
                const result = await post("validate", { code });
                setOutcome(result.outcome);
                if (result.outcome === "verified") {
                    listening.current?.abort();
                    setStep("verified");
                }
            }),
        [attempt],
    );

    /** Before the SMS is sent, so that none comes too early. */
    const listen = useCallback(() => {
        listening.current?.abort();
        listening.current = new AbortController();
        if ("OTPCredential" in window) {
            navigator.credentials
                .get({ otp: { transport: ["sms"] }, signal: listening.current.signal })
                .then(({ code }) => submitCode(code))
                .catch(() => {}); // The person types the code, or the phone is another one.
        }
    }, [submitCode]);

    const sent = useCallback(
        ({ resend_in }) => {
            countFrom(resend_in);
            setOutcome(undefined);
            setStep("code");
        },
        [countFrom],
    );

    const submitNumber = useCallback(
        (number) =>
            attempt(async () => {
                listen();
                try {
                    sent(await post("request", { number }));
                } catch (failure) {
                    if (failure.smsPossiblySent) {
                        setStep("code"); // A code may arrive.
                    }
                    throw failure;
                }
            }),
        [attempt, listen, sent],
    );

    const resend = useCallback(
        () =>
            attempt(async () => {
                listen();
                sent(await post("resend", {}));
            }),
        [attempt, listen, sent],
    );

    return { step, outcome, error, resendIn, submitNumber, submitCode, resend };
}
