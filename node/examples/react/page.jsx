import { createRoot } from "react-dom/client";

import { usePhoneVerification } from "./usePhoneVerification.jsx";

function SignUp() {
    const { step, outcome, error, resendIn, submitNumber, submitCode, resend } = usePhoneVerification();
    const submit = (field, use) => (event) => {
        event.preventDefault();
        use(new FormData(event.target).get(field));
    };
    return (
        <main>
            {step === "number" && (
                <form id="ask" onSubmit={submit("number", submitNumber)}>
                    <label>
                        Your phone number <input name="number" type="tel" autoComplete="tel" required />
                    </label>
                    <button type="submit">Send me a code</button>
                </form>
            )}
            {step === "code" && (
                <form id="prove" onSubmit={submit("code", submitCode)}>
                    <label>
                        The code <input name="code" inputMode="numeric" autoComplete="one-time-code" required />
                    </label>
                    <button type="submit">Go on</button>
                    <button type="button" id="again" disabled={resendIn > 0} onClick={resend}>
                        {resendIn > 0 ? `Send again in ${resendIn} s` : "Send again"}
                    </button>
                </form>
            )}
            <output id="said">{step === "verified" ? "verified" : (error?.message ?? outcome)}</output>
        </main>
    );
}

createRoot(document.getElementById("root")).render(<SignUp />);
