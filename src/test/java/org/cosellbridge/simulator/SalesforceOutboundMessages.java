package org.cosellbridge.simulator;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.cosellbridge.simulator.SalesforceSchema.Entity;
import org.cosellbridge.simulator.SalesforceStore.Event;

/**
 * Sends outbound messages for the flows that {@link #send} sets up: SOAP with up to 100 notifications of one object, at least once,
 * in no order, with the values at the time of sending. A message that is not acknowledged word for word is sent again after 30 s, 1
 * min, 2 min and so on up to 2 h, by the simulator's clock, until it is 24 h old; then it is dropped. Deletes send none. {@link
 * #firstRetry} makes retries fast for tests on the real clock. Thread-safe.
 */
public final class SalesforceOutboundMessages implements CrmPushes, AutoCloseable {
    private static final int MOST = 100;
    private static final Duration LONGEST_PAUSE = Duration.ofHours(2);
    private static final Duration KEPT = Duration.ofHours(24);
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);
    private static final int OK = 200;

    private final SalesforceStore store;
    private final SalesforceSoap soap;
    private final Clock clock;
    private final Consumer<String> brokenRules;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
    private final Thread looker = daemons("salesforce-queue").newThread(this::lookAgainAndAgain);
    private final ExecutorService sender = Executors.newFixedThreadPool(4, daemons("salesforce-outbound"));
    private final List<Definition> definitions = new ArrayList<>();
    private final List<Waiting> unsent = new ArrayList<>();
    private final List<Message> messages = new ArrayList<>();
    private final List<Notification> raised = new CopyOnWriteArrayList<>();
    private final List<Attempt> attempts = new ArrayList<>();
    private final List<String> dropped = new CopyOnWriteArrayList<>();
    private final Random random = new Random(7);
    private Predicate<Notification> lost = notification -> false;
    private Set<String> mute = Set.of();
    private Duration firstRetry = Duration.ofSeconds(30);
    private Duration shuffleWithin = Duration.ZERO;
    private Duration timeout = Duration.ofSeconds(10);
    private String wrongOrganization = "";
    private int wrongOrganizations;
    private int batch = MOST;
    private int copies = 1;
    private boolean holding;

    SalesforceOutboundMessages(SalesforceStore store, SalesforceSoap soap, Clock clock, Consumer<String> brokenRules) {
        this.store = store;
        this.soap = soap;
        this.clock = clock;
        this.brokenRules = brokenRules;
        looker.start();
    }

    /**
     * A record is to be told.
     *
     * @param id the notification's, stable across retries, prefix 04l
     * @param object the name of the object
     * @param recordId the record
     */
    public record Notification(String id, String object, String recordId) {}

    /**
     * One try to deliver a message.
     *
     * @param time by the simulator's clock
     * @param notifications what it held
     * @param status the answer's status, 0 when there was none
     * @param acknowledged whether the answer was an Ack of true, word for word
     * @param problem why not, else empty
     */
    public record Attempt(
            Instant time, List<Notification> notifications, int status, boolean acknowledged, String problem) {
        public Attempt {
            notifications = List.copyOf(notifications);
        }
    }

    record Definition(Entity entity, URI to, List<String> fields, String actionId, Predicate<SalesforceRecord> entry) {}

    private record Waiting(Definition definition, Notification notification) {}

    private static final class Message {
        private final Definition definition;
        private final List<Notification> notifications;
        private final Instant made;
        private Instant due;
        private int failures;
        private boolean underWay;

        Message(Definition definition, List<Notification> notifications, Instant made, Instant due) {
            this.definition = definition;
            this.notifications = notifications;
            this.made = made;
            this.due = due;
        }
    }

    private static ThreadFactory daemons(String name) {
        return work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    // --- set-up ----------------------------------------------------------------------------------------------------

    /**
     * Sets up an outbound message and the flow that sends it whenever a record is created or changed that has Sync with Partner
     * Center on or a referral identifier.
     *
     * @param object Opportunity or Lead
     * @param to the endpoint
     * @param fields what it carries besides the id
     */
    public void send(String object, URI to, List<String> fields) {
        int port = to.getPort();
        boolean loopback = "127.0.0.1".equals(to.getHost()) || "localhost".equals(to.getHost());
        if (!"https".equals(to.getScheme()) && !loopback) {
            brokenRules.accept("an outbound message to an address without https: " + to.getHost());
        }
        if (port != -1 && port != 80 && port != 443 && port < 1_024) {
            throw new IllegalArgumentException("Salesforce sends to ports 80, 443 and 1024 to 66535 only.");
        }
        // refuses here and now what no request can be made for
        HttpRequest.newBuilder(to).build();
        synchronized (store) {
            Entity entity = store.schema().entity(object);
            List<String> named =
                    fields.stream().map(field -> entity.get(field).name()).toList();
            synchronized (this) {
                definitions.add(new Definition(
                        entity,
                        to,
                        named,
                        store.nextId("04k"),
                        record -> record.flag("Sync_With_Partner_Center__c")
                                || record.text("Referral_Identifier__c").isPresent()));
            }
        }
    }

    /** Takes every outbound message of an object away; what waits stays. */
    public synchronized void stop(String object) {
        definitions.removeIf(definition -> definition.entity().name().equals(object));
    }

    /** Whether an outbound message of an object is set up. */
    public synchronized boolean isSent(String object) {
        return definitions.stream()
                .anyMatch(definition -> definition.entity().name().equals(object));
    }

    /** These users have no permission to send outbound messages: their writes are not told. By default everybody has it. */
    public synchronized void mute(String... userIds) {
        mute = Set.of(userIds);
    }

    // --- knobs -----------------------------------------------------------------------------------------------------

    /** The pause before the first retry; it doubles up to 2 h. Salesforce's and the default: 30 s. */
    public synchronized void firstRetry(Duration pause) {
        firstRetry = pause;
    }

    /** How long an answer may take. Default 10 s, the shorter of those that were seen. */
    public synchronized void timeout(Duration longest) {
        timeout = longest;
    }

    /** Every message from now on is delivered so often, whatever the answer. */
    @Override
    public synchronized void copies(int each) {
        copies = each;
    }

    /** Messages have at most so many notifications; 100 at most. */
    public synchronized void batch(int notifications) {
        batch = Math.min(MOST, notifications);
    }

    /** From now on each notification waits for a random time up to this, so that they overtake each other. */
    @Override
    public synchronized void shuffleWithin(Duration longest) {
        shuffleWithin = longest;
    }

    /** From now on those that fit are never sent. */
    public synchronized void lose(Predicate<Notification> some) {
        lost = some;
    }

    @Override
    public void loseSome(BooleanSupplier some) {
        lose(notification -> some.getAsBoolean());
    }

    /** The next messages carry this organization's id instead of the right one. */
    public synchronized void wrongOrganization(int times, String id) {
        wrongOrganizations = times;
        wrongOrganization = id;
    }

    /** Keeps notifications back until {@link #release}. */
    @Override
    public synchronized void hold() {
        holding = true;
    }

    /** Sends what was kept back. */
    @Override
    public synchronized void release() {
        holding = false;
    }

    /** Sends what was kept back in an order made from this seed. */
    public synchronized void releaseShuffled(long seed) {
        Collections.shuffle(unsent, new Random(seed));
        holding = false;
    }

    // --- what happened ---------------------------------------------------------------------------------------------

    /** Everything that was raised so far, lost ones included, in the order in which it happened. */
    public List<Notification> notifications() {
        return List.copyOf(raised);
    }

    /** Every try so far. */
    public synchronized List<Attempt> attempts() {
        return List.copyOf(attempts);
    }

    /** The ids of notifications that were given up after 24 hours. */
    public List<String> dropped() {
        return List.copyOf(dropped);
    }

    /** How many messages wait for an acknowledgement or their first try, held notifications as one each. */
    public synchronized int waiting() {
        return messages.size() + unsent.size();
    }

    /** Whether everything that was not lost was acknowledged or dropped. */
    @Override
    public boolean isIdle() {
        return waiting() == 0;
    }

    @Override
    public void close() {
        looker.interrupt();
        sender.shutdownNow();
    }

    // --- sending ---------------------------------------------------------------------------------------------------

    /** Called under the simulator's lock, after the writes took effect. */
    void raise(List<Event> events) {
        for (Event event : events) {
            Optional<SalesforceRecord> record =
                    store.find(event.entity(), event.id()).filter(found -> !found.isDeleted());
            synchronized (this) {
                if (record.isEmpty() || mute.contains(event.author().userId())) {
                    continue;
                }
                for (Definition definition : definitions) {
                    if (definition.entity().name().equals(event.entity().name())
                            && definition.entry().test(record.get())) {
                        raise(definition, event.id());
                    }
                }
            }
        }
    }

    private void raise(Definition definition, String recordId) {
        Notification notification =
                new Notification(store.nextId("04l"), definition.entity().name(), recordId);
        raised.add(notification);
        if (!lost.test(notification)) {
            unsent.add(new Waiting(definition, notification));
        }
    }

    private void lookAgainAndAgain() {
        try {
            while (true) {
                look();
                Thread.sleep(LOOK_EVERY.toMillis());
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        List<Message> due = new ArrayList<>();
        synchronized (this) {
            if (!holding) {
                gather();
            }
            Instant now = clock.instant();
            for (Message message : List.copyOf(messages)) {
                if (message.underWay || now.isBefore(message.due)) {
                    continue;
                }
                if (!now.isBefore(message.made.plus(KEPT))) {
                    messages.remove(message);
                    message.notifications.forEach(notification -> dropped.add(notification.id()));
                    continue;
                }
                message.underWay = true;
                due.add(message);
            }
        }
        for (Message message : due) {
            try {
                sender.execute(() -> deliver(message));
            } catch (RejectedExecutionException closing) {
                return;
            }
        }
    }

    /** Puts what waits into messages, each of one definition. */
    private void gather() {
        Instant now = clock.instant();
        while (!unsent.isEmpty()) {
            Definition definition = unsent.get(0).definition();
            int most = shuffleWithin.isZero() ? batch : 1;
            List<Waiting> together = unsent.stream()
                    .filter(waiting -> waiting.definition().equals(definition))
                    .limit(most)
                    .toList();
            unsent.removeAll(together);
            Duration wait = Duration.ofNanos((long) (random.nextDouble() * shuffleWithin.toNanos()));
            messages.add(new Message(
                    definition, together.stream().map(Waiting::notification).toList(), now, now.plus(wait)));
        }
    }

    private void deliver(Message message) {
        Optional<String> body = envelope(message);
        if (body.isEmpty()) {
            // every record is gone, and deletes are not told
            end(message);
            return;
        }
        int times;
        Duration within;
        synchronized (this) {
            times = copies;
            within = timeout;
        }
        List<Attempt> made = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            made.add(attempt(message, body.get(), within));
        }
        // at once: whoever sees the attempt finds the queue as it is after it
        synchronized (this) {
            attempts.addAll(made);
            if (made.stream().anyMatch(Attempt::acknowledged)) {
                end(message);
            } else {
                again(message);
            }
        }
    }

    private synchronized void end(Message message) {
        messages.remove(message);
    }

    private synchronized void again(Message message) {
        Duration pause = firstRetry;
        for (int i = 0; i < message.failures && pause.compareTo(LONGEST_PAUSE) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        message.failures++;
        message.due = clock.instant().plus(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
        message.underWay = false;
    }

    /** The message with the values that the records have now. */
    private Optional<String> envelope(Message message) {
        String organization = "";
        synchronized (this) {
            if (wrongOrganizations > 0) {
                wrongOrganizations--;
                organization = wrongOrganization;
            }
        }
        synchronized (store) {
            return soap.envelope(message.definition, message.notifications, organization);
        }
    }

    private Attempt attempt(Message message, String body, Duration within) {
        Instant time = clock.instant();
        HttpRequest request = HttpRequest.newBuilder(message.definition.to())
                .timeout(within)
                .header("Content-Type", "text/xml; charset=utf-8")
                .header("SOAPAction", "\"\"")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<byte[]> answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
            String problem = SalesforceSoap.problem(
                    answer.statusCode(),
                    answer.headers().firstValue("Content-Type").orElse(""),
                    answer.body());
            if (answer.statusCode() / 100 == 3) {
                brokenRules.accept("an outbound message was answered with a redirect");
            } else if (answer.statusCode() == OK && !problem.isEmpty() && !problem.equals(SalesforceSoap.NO)) {
                brokenRules.accept("an outbound message was answered with 200 but no Ack: " + problem);
            }
            return new Attempt(time, message.notifications, answer.statusCode(), problem.isEmpty(), problem);
        } catch (IOException failed) {
            return new Attempt(time, message.notifications, 0, false, failed.toString());
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
            return new Attempt(time, message.notifications, 0, false, "closed");
        }
    }
}
