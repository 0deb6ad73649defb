package egoi.verify.readme;

import egoi.verify.java.ClientBuilder;
import egoi.verify.java.RequestOptions;
import java.time.Duration;

/** The Java of the README. */
final class Blocks {
    private Blocks() {}

    static void calls(String key, String number, String given) throws InterruptedException {
        try (var client = new ClientBuilder(key, "1234").timeout(Duration.ofSeconds(5)).blocking()) {
            var verification = client.request("+351 910 000 000", new RequestOptions().ttl(Duration.ofMinutes(5)));
            var outcome = client.validate(verification.getId(), given, number);
        }
    }
}
