package egoi.verify.java;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import egoi.verify.Accept;
import egoi.verify.Api;
import egoi.verify.EgoiSms;
import egoi.verify.EgoiVerify;
import egoi.verify.NotSentException;
import egoi.verify.Outcome;
import egoi.verify.OutgoingSms;
import egoi.verify.State;
import egoi.verify.Trust;
import egoi.verify.VerifyException;
import egoi.verify.testing.FaultCall;
import egoi.verify.testing.java.FaultBuilder;
import egoi.verify.testing.java.JavaTestClock;
import egoi.verify.testing.java.SandboxBuilder;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BuildersTest {
    private static final String NUMBER = "+351 910 000 000";
    private static final byte[] KEY = new byte[32];

    /** Each with a value that is refused, and what names it there. */
    private static final Map<String, ClientBuilder> REFUSED_OF_A_CLIENT = Map.ofEntries(
            Map.entry("baseUrl", client().baseUrl("http://example.com")),
            Map.entry("timeout", client().timeout(Duration.ofSeconds(-1))),
            Map.entry("connectTimeout", client().connectTimeout(Duration.ofSeconds(-1))),
            Map.entry("proxy", client().proxy("not a URL")),
            Map.entry("retries", client().retries(3)),
            Map.entry("caCertificates", client().caCertificates("no PEM".getBytes(StandardCharsets.UTF_8))),
            Map.entry("statusWords", client().statusWords(Map.of("validated", "no state"))),
            Map.entry("v1Paths", client().v1Paths(Map.of("no call", "/"))),
            Map.entry("v2Paths", client().v2Paths(Map.of("no call", "/"))),
            Map.entry("appName", client().appName("a\nb")),
            Map.entry("store", client().store(new StoreBuilder("no store").key(KEY).build())),
            Map.entry("smsPerNumber", client().smsPerNumber(1, Duration.ofSeconds(-1))),
            Map.entry("smsPerClient", client().smsPerClient(0, Duration.ofSeconds(1))),
            Map.entry("smsPerPrefix", client().smsPerPrefix(1, Duration.ofSeconds(1), 15)),
            Map.entry("wrongCodesPerClient", client().wrongCodesPerClient(1, Duration.ZERO)));

    private static final Map<String, EngineBuilder> REFUSED_OF_AN_ENGINE = Map.ofEntries(
            Map.entry("store", engine().store(new StoreBuilder("no store").build())),
            Map.entry("timeout", engine().timeout(Duration.ofSeconds(601))),
            Map.entry("maxRequests", engine().maxRequests(-1)),
            Map.entry("maxAttempts", engine().maxAttempts(-1)),
            Map.entry("wrongCodesPerNumber", engine().wrongCodesPerNumber(-1, Duration.ofDays(1))),
            Map.entry("smsPerNumber", engine().smsPerNumber(1, Duration.ofSeconds(-1))),
            Map.entry("wrongCodesPerClient", engine().wrongCodesPerClient(0, Duration.ofSeconds(1))),
            Map.entry("smsPerClient", engine().smsPerClient(1, Duration.ofSeconds(-1))),
            Map.entry("smsPerPrefix", engine().smsPerPrefix(1, Duration.ofSeconds(1), 15)),
            Map.entry("maxResends", engine().maxResends(-1)),
            Map.entry("resendAfter", engine().resendAfter(Duration.ofSeconds(-1))),
            Map.entry("countries", engine().countries("ZZ")),
            Map.entry("callingCodes", engine().callingCodes(-1)));

    private static final Map<String, EngineBuilder> REFUSED_OF_A_STORE = Map.ofEntries(
            Map.entry("key", engine().store(memory().key("abc").build())),
            Map.entry("previousKeys", engine().store(memory().key(KEY).previousKeys(List.of(new byte[3])).build())),
            Map.entry("retention", engine().store(memory().retention(Duration.ofSeconds(-1)).build())),
            Map.entry("poolSize", engine().store(memory().poolSize(-1).build())),
            Map.entry("caCertificates", engine().store(new StoreBuilder("rediss://127.0.0.1:1").key(KEY)
                    .caCertificates("no PEM".getBytes(StandardCharsets.UTF_8)).build())));

    private static ClientBuilder client() {
        return new ClientBuilder("key", "1");
    }

    private static StoreBuilder memory() {
        return new StoreBuilder("memory:");
    }

    private static EngineBuilder engine() {
        return EngineBuilder.sending(sms -> {});
    }

    private static void refused(String field, Executable call) {
        var failure = assertThrows(VerifyException.InvalidInput.class, call, field);
        assertTrue(failure.getDetail().startsWith("`" + field + "`"), failure.getDetail());
    }

    @Test
    void everyOptionOfAClientReachesTheLibraryUnderItsOwnName() {
        REFUSED_OF_A_CLIENT.forEach((field, builder) -> refused(field, builder::blocking));
        REFUSED_OF_A_CLIENT.forEach((field, builder) -> refused(field, builder::futures));
        // The others have no value that is refused, and are seen in what they do, below.
        var shown = Stream.of("api", "trust", "allowHttp", "checkStateFirst", "accept");
        assertEquals(settersOf(ClientBuilder.class), words(Stream.concat(REFUSED_OF_A_CLIENT.keySet().stream(), shown)));
    }

    @Test
    void everyOptionOfAnEngineReachesTheLibraryUnderItsOwnName() {
        REFUSED_OF_AN_ENGINE.forEach((field, builder) -> refused(field, builder::blocking));
        REFUSED_OF_AN_ENGINE.forEach((field, builder) -> refused(field, builder::futures));
        var off = Stream.of(
                "maxAttemptsOff", "wrongCodesPerNumberOff", "smsPerNumberOff", "maxResendsOff",
                "resendAfterOff");
        // `accept` has no value that is refused, and is seen in what it does, below.
        var others = Stream.concat(off, Stream.of("accept"));
        assertEquals(
                settersOf(EngineBuilder.class), words(Stream.concat(REFUSED_OF_AN_ENGINE.keySet().stream(), others)));
    }

    @Test
    void everyOptionOfAStoreReachesTheLibraryUnderItsOwnName() {
        REFUSED_OF_A_STORE.forEach((field, builder) -> refused(field, builder::blocking));
        assertEquals(settersOf(StoreBuilder.class), words(REFUSED_OF_A_STORE.keySet().stream()));
    }

    private static String words(Stream<String> words) {
        return words.sorted().distinct().collect(Collectors.joining(" "));
    }

    private static String settersOf(Class<?> builder) {
        return words(Arrays.stream(builder.getDeclaredMethods())
                .filter(each -> Modifier.isPublic(each.getModifiers()) && !Modifier.isStatic(each.getModifiers()))
                .filter(each -> each.getReturnType() == builder)
                .map(Method::getName)
                .filter(name -> !name.contains("$"))); // Not public in Kotlin.
    }

    @Test
    void aBuilderChoosesTheVersionOfTheInterface() throws Exception {
        try (var sandbox = new SandboxBuilder().start();
                var client = sandbox.client().api(Api.V1).baseUrl(sandbox.getUrl() + "/api/public").blocking()) {
            assertThrows(VerifyException.Unsupported.class, () -> client.get("1"));
        }
    }

    @Test
    void aBuilderAllowsHttp() {
        client().baseUrl("http://example.com").allowHttp(true).blocking().close();
    }

    @Test
    void aBuilderChoosesWhoseCertificatesAreBelieved() {
        client().trust(Trust.PLATFORM).blocking().close();
    }

    @Test
    void aBuilderChoosesWhichNumbersAreSentAnSms() throws Exception {
        var landline = "+351 210 000 000";
        try (var client = client().accept(Accept.MOBILE).blocking();
                var engine = engine().accept(Accept.MOBILE).blocking()) {
            assertThrows(VerifyException.InvalidInput.class, () -> client.request(landline));
            assertThrows(VerifyException.InvalidInput.class, () -> engine.request(landline));
        }
    }

    @Test
    void aNationalNumberIsOfItsDefaultRegion() throws Exception {
        var sent = new AtomicReference<OutgoingSms>();
        try (var engine = EngineBuilder.sending(sent::set).blocking()) {
            var made = engine.request("910 000 000", new RequestOptions().defaultRegion("PT"));
            assertEquals("+351910000000", sent.get().getNumber());
            assertEquals(
                    Outcome.VERIFIED,
                    engine.validate(made.getId(), codeOf(sent), "910 000 000", null, null, "PT"));
        }
    }

    @Test
    void aBuilderLeavesTheStateUnread() throws Exception {
        try (var sandbox = new SandboxBuilder().code("123456").v2Words(true).start();
                var client = sandbox.client().checkStateFirst(false).blocking()) {
            var id = client.request(NUMBER).getId();
            sandbox.failNext(new FaultBuilder().call(FaultCall.GET).status(403).count(1));
            assertEquals(Outcome.VERIFIED, client.validate(id, "123456"));
        }
    }

    @Test
    void eachLimitOfAnEngineCanBeOff() throws Exception {
        var clock = new JavaTestClock();
        var sent = new AtomicReference<OutgoingSms>();
        var builder = EngineBuilder.sending(sent::set).maxAttemptsOff().wrongCodesPerNumberOff().smsPerNumberOff()
                .maxResendsOff().resendAfterOff();
        try (var engine = clock.of(builder).blocking()) {
            var made = engine.request(NUMBER);
            assertNull(made.getAttemptsLeft());
            for (var each = 0; each < 30; each++) {
                engine.resend(made.getId());
                var wrong = codeOf(sent).equals("000000") ? "111111" : "000000";
                assertEquals(Outcome.WRONG_CODE, engine.validate(made.getId(), wrong));
            }
            clock.advance(Duration.ofMinutes(11));
            assertEquals(Outcome.EXPIRED, engine.validate(made.getId(), codeOf(sent)));
        }
    }

    private static String codeOf(AtomicReference<OutgoingSms> sent) {
        return EgoiVerify.codeInSms(sent.get().getText());
    }

    @Test
    void aFutureHandsAnSmsOver() throws Exception {
        var sent = new AtomicReference<OutgoingSms>();
        var handedOver = new CompletableFuture<String>();
        try (var engine = EngineBuilder.sendingAsync(sms -> {
            sent.set(sms);
            return handedOver;
        }).futures()) {
            var made = engine.request(NUMBER);
            handedOver.complete("accepted");
            assertEquals(Outcome.VERIFIED, engine.validate(made.get().getId(), codeOf(sent), NUMBER).get());
        }
    }

    @Test
    void aFutureThatFailsWithNotSentLeavesNothingBehind() {
        var thrown = new NotSentException("no credit", null);
        try (var engine = EngineBuilder.sendingAsync(sms -> CompletableFuture.failedFuture(thrown)).blocking()) {
            var failure = assertThrows(VerifyException.DeliveryFailed.class, () -> engine.request(NUMBER));
            assertSame(thrown, failure.getCause());
            assertFalse(failure.getSmsPossiblySent());
        }
    }

    @Test
    void whatAWaitingFunctionThrowsIsTheCause() {
        var thrown = new IOException("the gateway went away");
        try (var engine = EngineBuilder.sending(sms -> {
            throw thrown;
        }).blocking()) {
            var failure = assertThrows(VerifyException.DeliveryFailed.class, () -> engine.request(NUMBER));
            // Coroutines copy an exception in tests, to show both sides of its stack.
            assertInstanceOf(IOException.class, failure.getCause());
            assertEquals(thrown.getMessage(), failure.getCause().getMessage());
            assertTrue(failure.getSmsPossiblySent());
            assertNotNull(failure.getRequestId());
        }
    }

    @Test
    void egoisOwnCallSends() throws Exception {
        try (var sandbox = new SandboxBuilder().start();
                var engine = EngineBuilder.withEgoiSms(new EgoiSms(sandbox.client().options())).blocking()) {
            engine.request(NUMBER);
            assertEquals(1, sandbox.messages().size());
        }
    }

    @Test
    void anEngineGoesByTheClockOfASandbox() throws Exception {
        try (var sandbox = new SandboxBuilder().start();
                var engine = sandbox.clockOf(EngineBuilder.sending(sms -> {})).blocking()) {
            var made = engine.request(NUMBER);
            sandbox.advance(Duration.ofMinutes(11));
            assertEquals(State.EXPIRED, engine.get(made.getId()).getState());
        }
    }

    @Test
    void egoisOwnCallSaysWhetherTheServiceIsUpAndWhichSendersThereAre() throws Exception {
        try (var sandbox = new SandboxBuilder().start()) {
            var egoiSms = new EgoiSms(sandbox.client().options());
            new BlockingEgoiSms(egoiSms).ping();
            assertEquals("1", new BlockingEgoiSms(egoiSms).senders().get(0).getId());
            new FutureEgoiSms(egoiSms).ping().get();
            assertEquals("1", new FutureEgoiSms(egoiSms).senders().get().get(0).getId());
        }
    }

    @Test
    void noBuilderPrintsWhatItHolds() {
        var store = memory().key(KEY);
        var printed = "" + new ClientBuilder("the-secret-key", "1").store(store.build()) + engine().store(store.build())
                + store + store.build();
        assertFalse(printed.contains("the-secret-key") || printed.contains("[B@"), printed);
    }
}
