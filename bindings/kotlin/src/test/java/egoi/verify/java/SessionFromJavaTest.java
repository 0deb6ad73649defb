package egoi.verify.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import egoi.verify.phone.CodeChecked;
import egoi.verify.phone.CodeSent;
import egoi.verify.phone.HttpVerificationServer;
import egoi.verify.phone.Outcome;
import egoi.verify.phone.SessionState;
import egoi.verify.phone.State;
import egoi.verify.phone.VerificationServer;
import egoi.verify.phone.VerificationServerException;
import egoi.verify.phone.VerificationSession;
import java.time.Duration;
import kotlin.coroutines.Continuation;
import kotlinx.coroutines.CoroutineScope;
import kotlinx.coroutines.CoroutineScopeKt;
import kotlinx.coroutines.Dispatchers;
import org.junit.jupiter.api.Test;

/** An app in Java. */
class SessionFromJavaTest {
    private static final String NUMBER = "+351 910 000 000";

    /** Its server, which responds at once. */
    private static class Server implements VerificationServer {
        @Override
        public Object request(String number, Continuation<? super CodeSent> done) {
            if (!number.equals("+351910000000")) {
                throw new VerificationServerException("rejected", "not this one", false, Duration.ofMinutes(1));
            }
            return new CodeSent("r1", Duration.ofMinutes(10), Duration.ofSeconds(30), 5);
        }

        @Override
        public Object validate(String id, String code, Continuation<? super CodeChecked> done) {
            return new CodeChecked(code.equals("123456") ? Outcome.VERIFIED : Outcome.WRONG_CODE, 4);
        }

        @Override
        public Object resend(String id, Continuation<? super CodeSent> done) {
            return new CodeSent(id, Duration.ofMinutes(10));
        }

        @Override
        public Object cancel(String id, Continuation<? super State> done) {
            return State.CANCELLED;
        }
    }

    private static final CoroutineScope SCOPE = CoroutineScopeKt.CoroutineScope(Dispatchers.getUnconfined());

    private static SessionState stateOf(VerificationSession session) {
        return session.getState().getValue();
    }

    @Test
    void aSessionVerifies() {
        var session = new VerificationSession(new Server(), SCOPE);
        session.start(NUMBER);
        var awaiting = assertInstanceOf(SessionState.AwaitingCode.class, stateOf(session));
        assertEquals(5, awaiting.getAttemptsLeft());
        session.submit("12 34 56");
        assertInstanceOf(SessionState.Verified.class, stateOf(session));
    }

    @Test
    void aSessionIsRestored() {
        var session = new VerificationSession(new Server(), SCOPE);
        session.start(NUMBER);
        var restored = new VerificationSession(new Server(), SCOPE, session.save());
        assertInstanceOf(SessionState.AwaitingCode.class, stateOf(restored));
        assertEquals("+351910000000", restored.getNumber());
    }

    @Test
    void whatTheServerRefusesIsAState() {
        var session = new VerificationSession(new Server(), SCOPE);
        session.start("+351 910 000 001");
        var failed = assertInstanceOf(SessionState.Failed.class, stateOf(session));
        assertEquals("rejected", failed.getProblem().getCode());
    }

    @Test
    void theReadyMadeServerIsMadeFromItsAddress() {
        var session = new VerificationSession(new HttpVerificationServer("https://example.com/phone"), SCOPE);
        assertInstanceOf(SessionState.Idle.class, stateOf(session));
    }
}
