package org.cosellbridge.sync;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.cosellbridge.connector.LeaseLostException;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * One random life of a few deals: people edit both sides, news is late, doubled, reordered and lost, calls fail before and after they
 * did their work, processes die. The same seed makes the same life.
 */
final class History {
    private static final int MOST_ATTEMPTS_IN_A_SWEEP = 150;

    /** The built-in documents, and the same with every way to end a conflict. */
    private static final List<List<MappingDocument>> DOCUMENTS = List.of(
            MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead")),
            MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead")).stream()
                    .map(History::withEveryRule)
                    .toList());

    final long seed;
    final SyncFixture fixture;
    final People people;
    final SyncRequests requests = new SyncRequests();
    /** What happened, in order, for whoever reads a failure. */
    final List<String> story = new ArrayList<>();
    /** The links' attempts that ended well: which referral or record, and when. */
    final List<Looked> looked = new ArrayList<>();

    private final Random random;
    private final RecordWants recordWants;
    private final List<News> news = new ArrayList<>();
    private final Climate climate;
    private boolean stormy = true;
    private boolean sneaked;
    private int depth;
    int attempts;
    int kills;

    /** An attempt that ended well. */
    record Looked(SyncSubject subject, Instant from, Instant until) {}

    /** News on its way: of a referral, or of a record. */
    private record News(@Nullable String referral, @Nullable RecordRef record, boolean polled, Instant due) {}

    /** How rough this history is; probabilities for each call, attempt and piece of news. */
    private record Climate(
            double fault,
            double kill,
            double sneak,
            double lost,
            double doubled,
            boolean sellers,
            boolean colleagues) {}

    History(SyncFixture fixture, long seed) {
        this.fixture = fixture;
        this.seed = seed;
        this.random = new Random(seed);
        fixture.reset();
        fixture.documents = DOCUMENTS.get(random.nextInt(4) == 0 ? 1 : 0);
        fixture.keys.put("cosell.partner-center.organization-id", SyncFixture.OURS);
        this.people = new People(fixture, random, this::tell);
        this.recordWants = new RecordWants(fixture.links, this::want);
        fixture.wishes = this::want;
        fixture.partnerCenter.listener = this::referralHasNews;
        fixture.crm.listener = this::recordHasNews;
        int side = random.nextInt(5);
        double rough = random.nextInt(4) / 3.0;
        this.climate = new Climate(
                0.12 * rough,
                0.25 * rough * random.nextInt(2),
                0.06 * random.nextInt(2),
                random.nextInt(3) * 0.3,
                0.2,
                side != 0,
                side != 1);
        fixture.weather = new Storm();
    }

    private static MappingDocument withEveryRule(MappingDocument document) {
        Map<String, String> rules = Map.of("dealValue", "review", "notes", "crm", "closingDate", "partner-center");
        JsonObject json = SyncFixture.json(document.json());
        JsonArrayBuilder fields = StoredJson.JSON.createArrayBuilder();
        json.getJsonArray("fields").getValuesAs(JsonObject.class).forEach(field -> {
            String rule = rules.get(field.getString("name"));
            fields.add(
                    rule == null
                            ? field
                            : StoredJson.JSON
                                    .createObjectBuilder(field)
                                    .add("conflict", rule)
                                    .build());
        });
        return SyncFixture.document(StoredJson.JSON
                .createObjectBuilder(json)
                .add("fields", fields)
                .build()
                .toString());
    }

    private void tell(String line) {
        story.add(fixture.clock.instant() + " " + "  ".repeat(depth) + line);
    }

    private boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    private Instant now() {
        return fixture.clock.instant();
    }

    // ---- news and wishes

    private void want(Want want) {
        requests.want(want, now());
    }

    private void referralHasNews(String referral) {
        send(new News(referral, null, false, now()));
    }

    private void recordHasNews(RecordRef record) {
        if (record.kind().equals("opportunity") || record.kind().equals("lead")) {
            send(new News(null, record, chance(0.5), now()));
        }
    }

    private void send(News one) {
        int copies = chance(climate.lost()) ? 0 : chance(climate.doubled()) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            int delay = chance(0.6) ? 0 : random.nextInt(chance(0.8) ? 30 : 400);
            news.add(new News(
                    one.referral(), one.record(), one.polled(), one.due().plusSeconds(delay)));
        }
    }

    private void deliver(Instant until) {
        List<News> due = news.stream()
                .filter(one -> !one.due().isAfter(until))
                .sorted(Comparator.comparing(News::due))
                .toList();
        news.removeAll(due);
        due.forEach(this::deliver);
    }

    private void deliver(News one) {
        RecordRef record = one.record();
        if (record == null) {
            ReferralId referral = new ReferralId(String.valueOf(one.referral()));
            want(new Want(
                    SyncSubject.of(SyncFixture.CRM, referral), Priority.EVENT, "event", "correlation", "delivery"));
            return;
        }
        boolean there = people.findRow(record) != null;
        boolean linked = fixture.links.findByRecord(SyncFixture.CRM, record).isPresent();
        boolean madeOfOurs = there
                && Optional.ofNullable(people.row(record).getString("originatingleadid", null))
                        .flatMap(lead -> fixture.links.findByRecord(SyncFixture.CRM, new RecordRef("lead", lead)))
                        .isPresent();
        boolean echo = one.polled()
                && there
                && fixture.seen.isSeen(SyncFixture.CRM, record, fixture.crm.version(record.kind(), record.id()));
        if ((linked || madeOfOurs || (there && people.isLinkable(record))) && !echo) {
            recordWants.want(
                    SyncFixture.CRM,
                    record,
                    Priority.EVENT,
                    one.polled() ? "poll" : "record",
                    "correlation",
                    one.polled() ? null : "delivery");
        }
    }

    // ---- attempts

    private boolean runOne() {
        Instant now = now();
        Optional<SyncRequests.Request> due =
                requests.findDue(now, request -> request.subjects().stream().allMatch(fixture::isFree));
        due.ifPresent(this::perform);
        return due.isPresent();
    }

    private void perform(SyncRequests.Request request) {
        Instant began = now();
        int fencing = requests.claim(request, began);
        boolean kill = stormy && chance(climate.kill());
        SyncFixture.Ask ask = request.ask(kill ? 1 + random.nextInt(22) : 0);
        attempts++;
        tell("Attempt on " + request + (kill ? ", which dies at step " + ask.killAfter() : ""));
        int writes = fixture.written.size();
        sneaked = false;
        depth++;
        try {
            SyncOutcome outcome = fixture.attempt(ask);
            depth--;
            tellWrites(writes);
            tell("-> " + told(outcome));
            if (sneaked) {
                // no version guards a create: a person may end the deal, or ask Microsoft, at the very same moment
                fixture.brokenRules.removeIf(rule -> rule.startsWith("Refused: engagementId"));
            }
            boolean refused = outcome instanceof SyncOutcome.NotNow notNow
                    && notNow.reason().startsWith("Another attempt works on");
            requests.end(request, fencing, outcome, refused, now());
            // one for the record alone has not seen what was edited at Partner Center
            if (outcome instanceof SyncOutcome.Done done && !done.word().equals("skipped") && !ask.fromRecord()) {
                looked.add(new Looked(ask.subject(), began, now()));
            }
        } catch (LeaseLostException lost) {
            depth--;
            tellWrites(writes);
            tell("-> its lease was lost");
            want(new Want(ask.subject(), ask.priority(), "late", "correlation", ask.delivery()));
        } catch (SyncFixture.Killed dead) {
            depth--;
            tellWrites(writes);
            tell("-> dead");
            if (depth > 0) {
                throw dead;
            }
            kills++;
            fixture.restart();
        }
    }

    private void tellWrites(int before) {
        List<SyncFixture.Written> all = List.copyOf(fixture.written);
        // a create that was refused after all is no longer among them
        all.subList(Math.min(before, all.size()), all.size())
                .forEach(write -> tell("wrote " + write.system() + " " + write.id()
                        + (write.created() ? " (new) " : " ") + People.shortened(write.values())));
    }

    private static String told(SyncOutcome outcome) {
        return outcome instanceof SyncOutcome.Done done
                ? done.word() + (done.again() == null ? "" : ", again as " + done.again())
                : outcome.toString();
    }

    /** What befalls the calls of an attempt. */
    private final class Storm implements SyncFixture.Weather {
        @Override
        public void before(String system, boolean write) {
            if (!stormy) {
                return;
            }
            if (write && system.equals(People.PARTNER_CENTER) && chance(climate.fault())) {
                fixture.partnerCenter.nextCreateTakes = Duration.ofSeconds(1 + random.nextInt(200));
            }
            if (chance(write ? climate.fault() : climate.fault() / 4)) {
                fail(system);
            }
            if (write && chance(climate.sneak())) {
                sneaked = true;
                edit();
            }
            // a call ends before the lease does, so the lease is lost only between the calls
            meanwhile(false);
        }

        @Override
        public void after(String system) {
            if (!stormy) {
                return;
            }
            meanwhile(true);
            if (chance(climate.fault())) {
                tell("The answer of " + system + " is lost.");
                throw new RetryableException(system, "The answer was lost.", chance(0.3), null, null);
            }
        }

        private void fail(String system) {
            tell("A call to " + system + " fails.");
            switch (random.nextInt(8)) {
                case 0 -> throw new SetupException(system, "A permission is missing for a while.");
                case 1 -> throw RetryableException.ownLimit(system, "No call is left.", now().plusSeconds(20), null);
                case 2, 3 -> throw new RetryableException(system, "Too many calls.", true, now().plusSeconds(30), null);
                default -> throw new RetryableException(system, "Busy.", false, null, null);
            }
        }

        /** While this attempt waits for an answer, others run, and its lease may run out. */
        private void meanwhile(boolean mayLoseLease) {
            if (depth > 1 || !chance(climate.sneak())) {
                return;
            }
            if (mayLoseLease && chance(0.2)) {
                tell("The leases of all attempts run out.");
                fixture.loseLeases();
                requests.loseLeases(now());
            }
            deliver(now());
            runOne();
        }
    }

    // ---- the history

    private void edit() {
        if (chance(0.05) && people.operatorDecides()) {
            return;
        }
        if (climate.sellers() && (!climate.colleagues() || chance(0.5))) {
            people.editsRecord();
        } else if (climate.colleagues()) {
            people.editsReferral();
        }
    }

    /** Everything up to the last edit. */
    void live() {
        int deals = chance(0.8) ? 1 : 2;
        for (int i = 0; i < deals; i++) {
            begin();
        }
        int steps = 8 + random.nextInt(12);
        for (int i = 0; i < steps; i++) {
            for (int edits = random.nextInt(4); edits > 0; edits--) {
                edit();
            }
            fixture.tick(passing());
            if (chance(0.85)) {
                deliver(now());
                for (int runs = 1 + random.nextInt(5); runs > 0 && runOne(); runs--) {
                    fixture.tick(random.nextInt(3));
                }
            }
        }
        // not the storm's, and not followed by anything
        for (int edits = random.nextInt(3); edits > 0; edits--) {
            edit();
        }
    }

    private void begin() {
        if (climate.sellers() && (!climate.colleagues() || chance(0.5))) {
            if (chance(0.02)) {
                people.sellerCreatesLead();
            }
            people.sellerCreates(chance(0.9), chance(0.95));
        } else {
            people.referralArrives();
            if (climate.sellers() && chance(0.1)) {
                people.sellerAdopts();
            }
        }
    }

    private int passing() {
        double kind = random.nextDouble();
        return kind < 0.6 ? random.nextInt(20) : kind < 0.9 ? random.nextInt(300) : random.nextInt(4000);
    }

    /** The faults are over, and everything is looked at once. */
    void sweep() {
        stormy = false;
        tell("Faults are over; everything is looked at once.");
        fixture.tick(600);
        fixture.partnerCenter.all().forEach(referral -> fixture.partnerCenter.hide(referral.getString("id"), false));
        if (chance(0.5)) {
            news.clear();
        }
        List<SyncLink> links = links();
        links.stream()
                .map(SyncLink::referral)
                .distinct()
                .sorted(Comparator.comparing(ReferralId::value))
                .forEach(this::wantReferral);
        people.records().stream()
                .filter(people::isSwitchedOn)
                .forEach(record ->
                        recordWants.want(SyncFixture.CRM, record, Priority.SWEEP, "sweep", "correlation", null));
        fixture.partnerCenter.all().stream()
                .filter(referral -> referral.getString("organizationId").equals(SyncFixture.OURS))
                .forEach(referral -> wantReferral(new ReferralId(referral.getString("id"))));
        settle();
    }

    private void wantReferral(ReferralId referral) {
        want(new Want(SyncSubject.of(SyncFixture.CRM, referral), Priority.SWEEP, "sweep", "correlation", null));
    }

    private void settle() {
        int before = attempts;
        while (true) {
            deliver(now().plusSeconds(1000));
            if (runOne()) {
                if (attempts - before > MOST_ATTEMPTS_IN_A_SWEEP) {
                    throw new AssertionError("The sides never come to rest.");
                }
                continue;
            }
            Optional<Instant> next = requests.nextDue();
            if (next.isEmpty()) {
                return;
            }
            Instant now = now();
            if (next.orElseThrow().isAfter(now)) {
                fixture.tick((int) Duration.between(now, next.orElseThrow()).toSeconds() + 1);
            }
        }
    }

    List<SyncLink> links() {
        return fixture.links
                .list(new LinkRepository.Filter(null, null, null, null, null, null, null), null, 500)
                .items();
    }
}
