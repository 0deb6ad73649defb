package egoi.verify.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import egoi.verify.EgoiVerify;
import egoi.verify.Outcome;
import egoi.verify.State;
import egoi.verify.VerifyException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class JavaFormsTest {
    private static final String NUMBER = "+351 910 000 000";

    @Test
    void theBlockingFormVerifies() throws Exception {
        try (var sandbox = Play.sandbox(); var client = new BlockingVerifier(sandbox.client())) {
            var options = new RequestOptions().message("Your code is {CODE}").ttl(Duration.ofMinutes(5));
            var verification = client.request(NUMBER, options);
            assertEquals(Outcome.WRONG_CODE, client.validate(verification.getId(), "000000"));
            assertEquals(Outcome.VERIFIED, client.validate(verification.getId(), Play.CODE, NUMBER));
        }
    }

    @Test
    void theFuturesVerify() throws Exception {
        try (var sandbox = Play.sandbox(); var client = new FutureVerifier(sandbox.client())) {
            var outcome = client.request(NUMBER)
                    .thenCompose(verification -> client.validate(verification.getId(), Play.CODE, NUMBER));
            assertTrue(outcome.get().isVerified());
        }
    }

    @Test
    void oneFutureThatFailsLeavesTheOthersAlone() throws Exception {
        try (var sandbox = Play.sandbox(); var client = new FutureVerifier(sandbox.client())) {
            var failure = assertThrows(ExecutionException.class, () -> client.get("unknown").get());
            assertInstanceOf(VerifyException.NotFound.class, failure.getCause());
            assertEquals(State.PENDING, client.request(NUMBER).get().getState());
        }
    }

    @Test
    void aFailureIsTheSameException() throws Exception {
        try (var sandbox = Play.sandbox(); var client = new BlockingVerifier(sandbox.client())) {
            var options = new RequestOptions().codeSize(3);
            assertThrows(VerifyException.InvalidInput.class, () -> client.request(NUMBER, options));
        }
    }

    @Test
    void cancellingAFutureClosesTheSocketOfItsCall() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var client = new FutureVerifier(Play.clientOf(server.getLocalPort()))) {
            var call = client.request(NUMBER);
            try (var socket = server.accept()) {
                var input = socket.getInputStream();
                assertTrue(input.read() >= 0);
                call.cancel(true);
                assertEquals(-1, untilItEnds(input));
            }
        }
    }

    @Test
    void theFunctionsHaveTheirOwnClass() {
        assertEquals("351-910000000", EgoiVerify.parseNumber(NUMBER).getWhole());
        assertEquals("123456", EgoiVerify.codeInSms("Your code is 123456"));
        assertEquals(6, EgoiVerify.generateCode().length());
    }

    private static int untilItEnds(java.io.InputStream input) throws IOException {
        var read = 0;
        while (read >= 0) {
            read = input.read();
        }
        return read;
    }
}
