package egoi.installed;

import egoi.verify.java.ClientBuilder;
import egoi.verify.java.EngineBuilder;

/** A program that verifies: with the URL of a service, a number and the code that will come. */
public final class App {
    private App() {}

    public static void main(String[] arguments) throws Exception {
        try (var client = new ClientBuilder("key", "1").baseUrl(arguments[0]).blocking();
                var engine = EngineBuilder.sending(sms -> System.out.println("to " + sms.getNumber())).blocking()) {
            var made = client.request(arguments[1]);
            System.out.println(client.validate(made.getId(), arguments[2], arguments[1]));
            System.out.println(engine.request(arguments[1]).getState());
        }
    }
}
