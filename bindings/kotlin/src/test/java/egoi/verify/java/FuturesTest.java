package egoi.verify.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import egoi.verify.Api;
import egoi.verify.phone.CodeSent;
import egoi.verify.CodeType;
import egoi.verify.EgoiVerify;
import egoi.verify.Outcome;
import egoi.verify.OutcomeDetails;
import egoi.verify.State;
import egoi.verify.VerifyException;
import egoi.verify.testing.FaultCall;
import egoi.verify.testing.java.BlockingSandbox;
import egoi.verify.testing.java.FaultBuilder;
import egoi.verify.testing.java.SandboxBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FuturesTest {
    private static final String NUMBER = "+351 910 000 000";
    private static final String CODE = "123456";

    private static BlockingSandbox sandbox() throws InterruptedException {
        return new SandboxBuilder().code(CODE).start();
    }

    @ParameterizedTest
    @EnumSource
    void theBlockingFormVerifies(Api api) throws Exception {
        try (var sandbox = sandbox(); var client = sandbox.client(api).blocking()) {
            var options = new RequestOptions().message("Your code is {CODE}").ttl(Duration.ofMinutes(5));
            var verification = client.request(NUMBER, options);
            assertEquals(Outcome.WRONG_CODE, client.validate(verification.getId(), "000000"));
            assertEquals(Outcome.VERIFIED, client.validate(verification.getId(), CODE));
        }
    }

    @Test
    void theBlockingFormHasEveryCall() throws Exception {
        try (var sandbox = sandbox(); var client = sandbox.client().blocking()) {
            var id = client.request(NUMBER).getId();
            assertEquals(id, client.resend(id).getId());
            assertEquals(State.PENDING, client.get(id).getState());
            assertEquals(State.CANCELLED, client.cancel(id));
            assertEquals(Outcome.CANCELLED, client.validate(id, CODE, NUMBER));
            assertEquals(new OutcomeDetails(Outcome.CANCELLED), client.validateWithDetails(id, CODE, NUMBER));
            client.ping();
            assertFalse(client.senders().isEmpty());
        }
    }

    @Test
    void theFuturesHaveEveryCall() throws Exception {
        try (var sandbox = sandbox(); var client = sandbox.client().futures()) {
            var id = client.request(NUMBER).get().getId();
            assertEquals(id, client.resend(id).get().getId());
            assertEquals(State.PENDING, client.get(id).get().getState());
            assertEquals(State.CANCELLED, client.cancel(id).get());
            assertEquals(Outcome.CANCELLED, client.validate(id, CODE, NUMBER).get());
            assertEquals(new OutcomeDetails(Outcome.CANCELLED), client.validateWithDetails(id, CODE, NUMBER).get());
            assertEquals(null, client.ping().get());
            assertFalse(client.senders().get().isEmpty());
        }
    }

    @Test
    void theFuturesVerify() throws Exception {
        try (var sandbox = sandbox(); var client = sandbox.client().futures()) {
            var outcome = client.request(NUMBER)
                    .thenCompose(verification -> client.validate(verification.getId(), CODE, NUMBER));
            assertTrue(outcome.get().isVerified());
        }
    }

    @Test
    void everyOptionOfARequestIsTaken() throws Exception {
        try (var sandbox = new SandboxBuilder().seed(7).start(); var client = sandbox.client().blocking()) {
            var options = new RequestOptions().codeType(CodeType.HEX).codeSize(12).ttl(Duration.ofSeconds(90))
                    .message("{CODE} is yours").group("sign-up").timeout(Duration.ofSeconds(10));
            var made = client.request(NUMBER, options);
            assertEquals(Duration.ofSeconds(90), Duration.between(made.getCreatedAt(), made.getExpiresAt()));
            var text = sandbox.messages(NUMBER).get(0).getText();
            assertTrue(text.matches("[0-9A-F]{12} is yours"), text);
        }
    }

    @Test
    void oneFutureThatFailsLeavesTheOthersAlone() throws Exception {
        try (var sandbox = sandbox(); var client = sandbox.client().futures()) {
            var failure = assertThrows(ExecutionException.class, () -> client.get("unknown").get());
            assertInstanceOf(VerifyException.NotFound.class, failure.getCause());
            assertEquals(State.PENDING, client.request(NUMBER).get().getState());
        }
    }

    @Test
    void aFailureIsTheSameException() throws Exception {
        try (var sandbox = sandbox(); var client = sandbox.client().blocking()) {
            var options = new RequestOptions().codeSize(3);
            assertThrows(VerifyException.InvalidInput.class, () -> client.request(NUMBER, options));
        }
    }

    @Test
    void theTimeToWaitIsJavas() throws Exception {
        try (var engine = EngineBuilder.sending(sms -> {}).smsPerNumber(1, Duration.ofHours(1)).resendAfterOff().blocking()) {
            engine.request(NUMBER);
            try {
                engine.request(NUMBER);
                fail("a second SMS was sent");
            } catch (VerifyException.RateLimited failure) {
                var wait = failure.getRetryAfter();
                assertTrue(wait.compareTo(Duration.ofMinutes(59)) > 0, wait::toString);
            }
        }
    }

    @Test
    void aCallEndsByItsOwnDeadline() throws Exception {
        try (var sandbox = sandbox(); var client = sandbox.client().blocking()) {
            var id = client.request(NUMBER).getId();
            sandbox.failNext(new FaultBuilder().call(FaultCall.GET).delay(Duration.ofSeconds(30)));
            assertThrows(VerifyException.Timeout.class, () -> client.get(id, Duration.ofMillis(200)));
        }
    }

    @Test
    void cancellingAFutureClosesTheSocketOfItsCall() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var client = clientOf(server).futures()) {
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
    void interruptingAThreadClosesTheSocketOfItsCall() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var client = clientOf(server).blocking()) {
            var ended = new AtomicReference<Throwable>();
            var caller = new Thread(() -> {
                try {
                    client.request(NUMBER);
                } catch (Throwable failure) {
                    ended.set(failure);
                }
            });
            caller.start();
            try (var socket = server.accept()) {
                var input = socket.getInputStream();
                assertTrue(input.read() >= 0);
                caller.interrupt();
                assertEquals(-1, untilItEnds(input));
            }
            caller.join();
            assertInstanceOf(InterruptedException.class, ended.get());
        }
    }

    @Test
    void theAnswersOfAnAppsServerAreMadeWithJavasLengthsOfTime() {
        var sent = new CodeSent("r1", Duration.ofMinutes(10), Duration.ofSeconds(30), 5);
        assertEquals("r1", sent.getId());
        assertEquals(5, sent.getAttemptsLeft());
    }

    @Test
    void theFunctionsHaveTheirOwnClass() {
        assertEquals("+351910000000", EgoiVerify.parseNumber(NUMBER).getE164());
        assertEquals("123456", EgoiVerify.codeInSms("Your code is 123456"));
        assertEquals(6, EgoiVerify.generateCode().length());
    }

    @Test
    void cancellingARequestInterruptsTheFunctionThatSends() throws Exception {
        var started = new CountDownLatch(1);
        var interrupted = new CompletableFuture<Boolean>();
        try (var engine = EngineBuilder.sending(sms -> {
            started.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException given) {
                interrupted.complete(true);
                throw given;
            }
        }).futures()) {
            var call = engine.request(NUMBER);
            started.await();
            call.cancel(true);
            assertTrue(interrupted.get());
        }
    }

    private static ClientBuilder clientOf(ServerSocket server) {
        return new ClientBuilder("key", "1").baseUrl("http://127.0.0.1:" + server.getLocalPort() + "/api");
    }

    private static int untilItEnds(InputStream input) throws IOException {
        var read = 0;
        while (read >= 0) {
            read = input.read();
        }
        return read;
    }
}
