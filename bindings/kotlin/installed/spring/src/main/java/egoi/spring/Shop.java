package egoi.spring;

import egoi.verify.java.BlockingVerifier;
import egoi.verify.java.ClientBuilder;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** An application whose verifier is a bean. */
@SpringBootApplication
public class Shop {
    /** Closed with the context. */
    @Bean
    BlockingVerifier verifier(@Value("${egoi.api-key}") String apiKey, @Value("${egoi.base-url}") String baseUrl) {
        return new ClientBuilder(apiKey, "1").baseUrl(baseUrl).blocking();
    }
}
