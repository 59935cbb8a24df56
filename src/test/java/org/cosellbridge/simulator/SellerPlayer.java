package org.cosellbridge.simulator;

import jakarta.json.JsonObject;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Plays a seller in the CRM for the sandbox: now and then an opportunity comes into being with "Sync with Partner Center" switched on,
 * or one that is in step already is edited; each action prints one line. It stops by itself after so many actions. The same seed plays
 * the same scenario.
 */
final class SellerPlayer implements AutoCloseable {
    private static final int PROOF_OF_CONCEPT = 100000003;

    private final DataverseSimulator crm;
    private final Duration pause;
    private final int mostActions;
    private final PrintStream out;
    private final Random random = new Random(43);
    private final List<String> own = new ArrayList<>();
    private final ScheduledExecutorService clock;
    private int actions;

    SellerPlayer(DataverseSimulator crm, Duration pause, int mostActions, PrintStream out) {
        this.crm = crm;
        this.pause = pause;
        this.mostActions = mostActions;
        this.out = out;
        this.clock = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "seller-player");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Starts to play; the first action comes after the first pause. */
    SellerPlayer start() {
        var ignored =
                clock.scheduleWithFixedDelay(this::play, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
        return this;
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    private void play() {
        try {
            if (actions++ >= mostActions) {
                clock.shutdown();
            } else if (actions % 2 == 1) {
                create();
            } else {
                edit(own.get(random.nextInt(own.size())));
            }
        } catch (RuntimeException failed) {
            out.println("Dynamics 365:   the seller stumbled: " + failed);
        }
    }

    private void create() {
        int number = own.size() + 1;
        boolean help = number % 2 == 0;
        String account = crm.create(
                "accounts",
                Map.of(
                        "name", "Fabrikam " + number,
                        "address1_line1", number + " Harbour Street",
                        "address1_city", "Hamburg",
                        "address1_postalcode", "20095",
                        "address1_country", "DE"));
        String contact = crm.create(
                "contacts",
                Map.of(
                        "firstname", "Kim",
                        "lastname", "Buyer",
                        "emailaddress1", "kim.buyer" + number + "@fabrikam.example",
                        "telephone1", "+49 40 5550100"));
        String currency = crm.rows("transactioncurrencies").get(0).getString("transactioncurrencyid");
        Map<String, Object> columns = new HashMap<>(Map.of(
                "name", "Warehouse rollout " + number,
                "estimatedvalue", BigDecimal.valueOf(30_000L + 10_000L * number),
                "estimatedclosedate", LocalDate.now(ZoneOffset.UTC).plusDays(60).toString(),
                "cosell_products", "SOL-11111-AAA",
                "cosell_syncwithpartnercenter", true,
                "parentaccountid@odata.bind", "/accounts(" + account + ")",
                "customerid_account@odata.bind", "/accounts(" + account + ")",
                "parentcontactid@odata.bind", "/contacts(" + contact + ")",
                "transactioncurrencyid@odata.bind", "/transactioncurrencies(" + currency + ")"));
        if (help) {
            columns.put("cosell_howcanmicrosofthelp", PROOF_OF_CONCEPT);
        }
        String id = crm.create("opportunities", columns);
        own.add(id);
        say(
                id,
                help
                        ? "the seller switches the sync on, asking Microsoft for a proof of concept, for"
                        : "the seller switches the sync on for");
    }

    private void edit(String id) {
        long value = 25_000L + 5_000L * random.nextInt(40);
        crm.edit("opportunities", id, Map.of("estimatedvalue", BigDecimal.valueOf(value)));
        say(id, "the seller expects " + value + " from");
    }

    private void say(String id, String sentence) {
        JsonObject row = crm.row("opportunities", id).orElseThrow();
        out.println("Dynamics 365:   " + sentence + " '" + row.getString("name") + "' (opportunity " + id + ")");
    }
}
