package egoi.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import egoi.verify.Outcome;
import egoi.verify.VerifyException;
import egoi.verify.java.BlockingVerifier;
import egoi.verify.java.EngineBuilder;
import egoi.verify.testing.java.SandboxBuilder;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;

class PackageSpringTest {
    private static final String NUMBER = "+351 910 000 000";

    @Test
    void theBeanVerifies() throws Exception {
        try (var sandbox = new SandboxBuilder().start();
                var context = SpringApplication.run(Shop.class, "--egoi.api-key=key",
                        "--egoi.base-url=" + sandbox.getUrl() + "/api")) {
            var verifier = context.getBean(BlockingVerifier.class);
            var made = verifier.request(NUMBER);
            var code = sandbox.waitForCode(NUMBER, Duration.ofSeconds(5));
            assertEquals(Outcome.VERIFIED, verifier.validate(made.getId(), code, NUMBER));
        }
    }

    @Test
    void theFuturesVerify() throws Exception {
        try (var sandbox = new SandboxBuilder().code("123456").start();
                var client = sandbox.client().futures()) {
            var outcome = client.request(NUMBER)
                    .thenCompose(made -> client.validate(made.getId(), "123456", NUMBER));
            assertEquals(Outcome.VERIFIED, outcome.get());
        }
    }

    @Test
    void anEngineSendsAndItsExceptionsAreCaught() throws Exception {
        try (var engine = EngineBuilder.sending(sms -> {}).smsPerNumber(1, Duration.ofHours(1)).resendAfterOff().blocking()) {
            engine.request(NUMBER);
            try {
                engine.request(NUMBER);
                fail("a second SMS was sent");
            } catch (VerifyException.RateLimited failure) {
                assertEquals("rate_limited", failure.getCode());
            }
        }
    }
}
