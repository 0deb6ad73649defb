package egoi.verify.examples;

import egoi.verify.EgoiSms;
import egoi.verify.java.BlockingClient;
import egoi.verify.java.SmsGateway;
import egoi.verify.testing.java.BlockingSandbox;
import java.util.concurrent.CompletableFuture;

/** What the Java examples of the public types find in their surroundings. Only the compiler reads this. */
public abstract class Surroundings {
    /** A gateway of the reader's own. */
    public interface Gateway {
        void deliver(String number, String text);

        CompletableFuture<Void> deliverLater(String number, String text);
    }

    protected Gateway gateway;
    protected SmsGateway sends;
    protected BlockingClient client;
    protected BlockingSandbox sandbox;
    protected EgoiSms egoiSms;
    protected String key;
    protected String number;
    protected String given;
    protected String id;
}
