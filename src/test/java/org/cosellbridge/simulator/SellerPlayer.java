package org.cosellbridge.simulator;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
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
    private final CrmSystem crm;
    private final Duration pause;
    private final int mostActions;
    private final PrintStream out;
    private final Random random = new Random(43);
    private final List<String> own = new ArrayList<>();
    private final ScheduledExecutorService clock;
    private int actions;

    SellerPlayer(CrmSystem crm, Duration pause, int mostActions, PrintStream out) {
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
            print("the seller stumbled: " + failed);
        }
    }

    private void create() {
        int number = own.size() + 1;
        boolean help = number % 2 == 0;
        Map<CrmField, Object> fields = new EnumMap<>(CrmField.class);
        fields.put(CrmField.COMPANY, "Fabrikam " + number);
        fields.put(CrmField.STREET, number + " Harbour Street");
        fields.put(CrmField.CITY, "Hamburg");
        fields.put(CrmField.POSTAL_CODE, "20095");
        fields.put(CrmField.COUNTRY, "DE");
        fields.put(CrmField.FIRST_NAME, "Kim");
        fields.put(CrmField.LAST_NAME, "Buyer");
        fields.put(CrmField.EMAIL, "kim.buyer" + number + "@fabrikam.example");
        fields.put(CrmField.PHONE, "+49 40 5550100");
        fields.put(CrmField.NAME, "Warehouse rollout " + number);
        fields.put(CrmField.AMOUNT, BigDecimal.valueOf(30_000L + 10_000L * number));
        fields.put(CrmField.CURRENCY, "USD");
        fields.put(
                CrmField.CLOSE_DATE, LocalDate.now(ZoneOffset.UTC).plusDays(60).toString());
        fields.put(CrmField.PRODUCTS, "SOL-11111-AAA");
        fields.put(CrmField.SWITCH, true);
        if (help) {
            fields.put(CrmField.HELP, "ProofOfConceptOrDemo");
        }
        String id = crm.create(CrmKind.OPPORTUNITY, fields);
        own.add(id);
        say(
                id,
                help
                        ? "the seller switches the sync on, asking Microsoft for a proof of concept, for"
                        : "the seller switches the sync on for");
    }

    private void edit(String id) {
        long value = 25_000L + 5_000L * random.nextInt(40);
        crm.edit(CrmKind.OPPORTUNITY, id, Map.of(CrmField.AMOUNT, BigDecimal.valueOf(value)));
        say(id, "the seller expects " + value + " from");
    }

    private void say(String id, String sentence) {
        CrmRecord deal = crm.find(CrmKind.OPPORTUNITY, id).orElseThrow();
        print(sentence + " '" + deal.text(CrmField.NAME) + "' (opportunity " + id + ")");
    }

    private void print(String sentence) {
        out.printf(Locale.ROOT, "%-15s %s%n", crm.title() + ":", sentence);
    }
}
