package org.cosellbridge.it;

import jakarta.json.JsonObject;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Prints what the product knows when a test of it has failed: the newest audit entries, the links that are not active, the dead
 * letters, the connections. A test class that is {@link ExtendWith extended with} it implements {@link Tells}.
 */
final class StateOnFailure implements AfterTestExecutionCallback {
    private static final int ENTRIES = 60;

    /** A test that can say which product it is about. */
    interface Tells {
        Product product();
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        if (context.getExecutionException().isPresent() && context.getRequiredTestInstance() instanceof Tells test) {
            PrintStream out = System.out;
            out.println("==== The state after " + context.getDisplayName());
            try {
                print(out, test.product());
            } catch (IllegalStateException away) {
                out.println("The product cannot be asked: " + away.getMessage());
            }
            out.println("====");
        }
    }

    private static void print(PrintStream out, Product product) {
        List<JsonObject> newest = product.page("audit", ENTRIES);
        Stream.of(newest, product.items("links"), product.items("dead-letters"), product.items("connections"))
                .flatMap(List::stream)
                .filter(item -> !item.getString("state", "").equals("active"))
                .forEach(out::println);
    }
}
