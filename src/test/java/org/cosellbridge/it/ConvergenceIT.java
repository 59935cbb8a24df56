package org.cosellbridge.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.it.BothSystems.dealValue;
import static org.cosellbridge.it.BothSystems.notes;
import static org.cosellbridge.it.BothSystems.state;
import static org.cosellbridge.simulator.CrmField.AMOUNT;
import static org.cosellbridge.simulator.CrmField.CLOSE_DATE;
import static org.cosellbridge.simulator.CrmField.CURRENCY;
import static org.cosellbridge.simulator.CrmField.DESCRIPTION;
import static org.cosellbridge.simulator.CrmField.HELP;
import static org.cosellbridge.simulator.CrmField.PRODUCTS;
import static org.cosellbridge.simulator.CrmField.VISIBLE;
import static org.cosellbridge.simulator.CrmKind.OPPORTUNITY;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.simulator.CrmField;
import org.cosellbridge.simulator.CrmRecord;
import org.cosellbridge.simulator.CrmState;
import org.cosellbridge.simulator.CrmSystem;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.Faults;
import org.cosellbridge.simulator.Landscape;
import org.cosellbridge.simulator.ReferralFixtures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random edits on both sides at once, through faults, with events that are doubled, reordered and lost: once it is quiet the two
 * sides are equal, or a finding names the field. {@code -Dcosell.it.seed=…} repeats the edits of a run.
 */
@ExtendWith(StateOnFailure.class)
class ConvergenceIT implements StateOnFailure.Tells {
    private static final int DEALS = 15;
    private static final int ROUNDS = 6;
    private static final int CALLS_A_MINUTE = 6_000;
    private static final Duration LONG = Duration.ofMinutes(4);
    private static final Duration STILL = Duration.ofSeconds(6);
    private static final List<String> CURRENCIES = List.of("USD", "EUR", "GBP");
    private static final List<String> SOLUTIONS =
            List.of("SOL-11111-AAA", "SOL-22222-BBB", "SOL-33333-CCC", "SOL-44444-DDD");

    private final long seed = Long.getLong("cosell.it.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Path dir = Path.of(System.getProperty("project.build.directory"), "it-convergence");
    private final Landscape landscape = newLandscape();
    private final ServerProcess server = newServer();
    private final BothSystems both = new BothSystems(landscape, server.url());

    private record Deal(String opportunity, String referral) {}

    private Landscape newLandscape() {
        ServerProcess.delete(dir);
        return new Landscape(0, 0, 0, dir, Landscape.madeUpPassword());
    }

    private ServerProcess newServer() {
        landscape.partnerCenter().requestsPerMinute(CALLS_A_MINUTE);
        Map<String, String> keys = landscape.keys(dir.resolve("data").toAbsolutePath(), CALLS_A_MINUTE);
        keys.put("cosell.partner-center.create-timeout", "PT3S");
        String crm = "cosell.crm." + Landscape.CONNECTION + ".";
        keys.put(crm + "poll-interval", "PT2S");
        keys.put(crm + "mapping", mappings().toAbsolutePath().toString());
        return new ServerProcess(dir, keys);
    }

    /** The CRM's documents, or else the product's own, in which some fields have another rule. */
    private Path mappings() {
        Map<String, String> rules = Map.of("closingDate", "review", "dealValue", "crm", "currency", "partner-center");
        try {
            Path folder = Files.createDirectories(dir.resolve("mappings"));
            for (String record : List.of("opportunity", "lead")) {
                JsonArrayBuilder fields = Json.createArrayBuilder();
                JsonObject document = document(record);
                for (JsonObject field : document.getJsonArray("fields").getValuesAs(JsonObject.class)) {
                    JsonObjectBuilder changed = Json.createObjectBuilder(field);
                    String rule = rules.get(field.getString("name"));
                    if (rule != null) {
                        changed.add("conflict", rule);
                    }
                    fields.add(changed);
                }
                Files.writeString(
                        folder.resolve(record + ".json"),
                        Json.createObjectBuilder(document)
                                .add("fields", fields)
                                .build()
                                .toString());
            }
            return folder;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private JsonObject document(String record) throws IOException {
        String folder = landscape.crm().keys().get("mapping");
        try (InputStream stream = folder == null
                        ? MappingDocument.class.getResourceAsStream(
                                landscape.crm().type() + "/" + record + ".json")
                        : Files.newInputStream(Path.of(folder, record + ".json"));
                JsonReader reader = Json.createReader(stream)) {
            return reader.readObject();
        }
    }

    @Override
    public Product product() {
        return both.product();
    }

    @BeforeEach
    void start() {
        server.start();
        both.register();
    }

    @AfterEach
    void close() {
        server.close();
        landscape.close();
    }

    @Test
    void afterRandomEditsAndFaultsBothSidesAreEqualOrAFindingNamesTheField() {
        System.out.println("ConvergenceIT: -Dcosell.it.seed=" + seed);
        List<Deal> deals = deals();
        both.crm().pushes().copies(2);
        both.crm().pushes().shuffleWithin(Duration.ofMillis(400));
        both.crm().pushes().loseSome(() -> random.nextInt(10) == 0);
        both.partnerCenter().dispatcher().copies(2);
        both.partnerCenter().dispatcher().shuffleWithin(Duration.ofMillis(400));
        both.partnerCenter().dispatcher().lose(event -> random.nextInt(10) == 0);
        for (int round = 0; round < ROUNDS; round++) {
            List<Deal> order = new ArrayList<>(deals);
            Collections.shuffle(order, random);
            for (Deal deal : order) {
                fault();
                letItWork();
                if (random.nextBoolean()) {
                    sellerEdits(deal);
                    partnerCenterEdits(deal);
                } else {
                    partnerCenterEdits(deal);
                    sellerEdits(deal);
                }
            }
        }
        both.partnerCenter().close(deals.get(0).referral(), "Lost", "");
        both.crm().move(deals.get(1).opportunity(), CrmState.WON);
        both.calm();
        both.awaitQuiet(LONG);
        for (Deal deal : deals) {
            // one sweep: what an event was lost of is found
            both.product().ask("referrals/" + deal.referral() + "/sync", "");
        }
        both.awaitQuiet(LONG);

        both.assertStill(STILL);
        for (Deal deal : deals) {
            assertThat(both.records(OPPORTUNITY, deal.referral()))
                    .as("records of %s, seed %s", deal, seed)
                    .hasSize(1);
            assertThat(both.referralsOf(deal.opportunity()))
                    .as("referrals of %s, seed %s", deal, seed)
                    .hasSize(1);
            assertThat(apart(deal))
                    .as("fields of %s that are apart without a finding, seed %s", deal, seed)
                    .isSubsetOf(told(deal));
        }
        assertThat(both.crm().records(OPPORTUNITY)).hasSize(DEALS);
        assertThat(both.product().items("dead-letters")).as("seed %s", seed).isEmpty();
        decideConflicts(deals);
        both.assertRulesKept();
    }

    /** What waits for a person ends with the person's decision. */
    private void decideConflicts(List<Deal> deals) {
        List<JsonObject> conflicts = both.product().items("conflicts");
        for (JsonObject conflict : conflicts) {
            both.product()
                    .ask(
                            "conflicts/" + conflict.getString("id") + "/resolve",
                            random.nextBoolean() ? "{\"side\":\"crm\"}" : "{\"side\":\"partner-center\"}");
        }
        Awaitility.await("every conflict is carried out, seed " + seed)
                .atMost(LONG)
                .until(() -> both.product().items("conflicts").isEmpty());
        both.awaitQuiet(LONG);
        for (Deal deal : deals) {
            assertThat(apart(deal))
                    .as("fields of %s that are apart without a finding, seed %s", deal, seed)
                    .isSubsetOf(told(deal));
        }
    }

    private List<Deal> deals() {
        List<Deal> deals = new ArrayList<>();
        for (int index = 8_000; index < 8_000 + DEALS; index++) {
            if (index % 2 == 0) {
                Map<CrmField, Object> fields = both.deal(index);
                fields.put(VISIBLE, random.nextBoolean());
                if (random.nextInt(3) == 0) {
                    fields.put(HELP, CrmSystem.HELP_CODES.get(random.nextInt(6)));
                }
                String opportunity = both.crm().create(OPPORTUNITY, fields);
                deals.add(new Deal(opportunity, both.awaitReferral(opportunity)));
            } else {
                String referral = both.partnerCenter()
                        .create(
                                random.nextBoolean()
                                        ? ReferralFixtures.partnerLed(index)
                                        : ReferralFixtures.privateDeal(index));
                deals.add(new Deal(both.awaitOpportunity(referral).id(), referral));
            }
        }
        both.awaitQuiet(LONG);
        return deals;
    }

    /** Until the product has made some calls since, so that edits fall between them; or it has nothing to do. */
    private void letItWork() {
        int calls = calls() + random.nextInt(8);
        Awaitility.await("the product works or rests")
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> calls() >= calls
                        || both.connection().getInt("due") + both.connection().getInt("running") == 0);
    }

    private int calls() {
        return both.crm().server().log().count()
                + both.partnerCenter().server().log().count();
    }

    private void fault() {
        boolean ofCrm = random.nextBoolean();
        Faults faults = ofCrm
                ? both.crm().server().faults()
                : both.partnerCenter().server().faults();
        switch (random.nextInt(20)) {
            case 0 -> faults.next(1, ofCrm ? both.crm().busy(1) : Fault.throttled(1));
            case 1 -> faults.next(1, Fault.status(500));
            case 2 -> faults.next(1, Fault.status(503));
            case 3 -> faults.next(1, Fault.cut(), (method, path) -> !method.equals("GET"));
            case 4, 5 -> faults.next(1, Fault.loseAnswer(), (method, path) -> !method.equals("GET"));
            default -> {
                // this time nothing fails
            }
        }
    }

    private void sellerEdits(Deal deal) {
        switch (random.nextInt(8)) {
            case 0, 1 -> both.sellerSets(deal.opportunity(), AMOUNT, 1_000 + random.nextInt(90_000));
            case 2, 3 -> both.sellerSets(deal.opportunity(), DESCRIPTION, words("seller"));
            case 4 -> both.sellerSets(deal.opportunity(), CLOSE_DATE, day().toString());
            case 5 ->
                both.sellerSets(
                        deal.opportunity(), PRODUCTS, String.join(random.nextBoolean() ? ";" : ", ", solutions()));
            case 6 -> both.sellerSets(deal.opportunity(), CURRENCY, any(CURRENCIES));
            default -> both.crm().move(deal.opportunity(), random.nextInt(2) == 0 ? CrmState.OPEN : CrmState.ON_HOLD);
        }
    }

    private void partnerCenterEdits(Deal deal) {
        switch (random.nextInt(7)) {
            case 0, 1 ->
                both.partnerCenter().edit(deal.referral(), "/details/dealValue", 1_000 + random.nextInt(90_000));
            case 2, 3 ->
                both.partnerCenter()
                        .edit(
                                deal.referral(),
                                "/details/notes",
                                random.nextInt(6) == 0 ? "at length ".repeat(300) : words("Microsoft"));
            case 4 -> both.partnerCenter().edit(deal.referral(), "/details/closingDateTime", day() + "T00:00:00Z");
            case 5 -> both.partnerCenter().edit(deal.referral(), "/details/currency", any(CURRENCIES));
            default -> {
                JsonArrayBuilder solutions = Json.createArrayBuilder();
                solutions()
                        .forEach(id -> solutions.add(
                                Json.createObjectBuilder().add("type", "Name").add("id", id)));
                both.partnerCenter().edit(deal.referral(), "/details/requirements/solutions", solutions.build());
            }
        }
    }

    private String words(String who) {
        return who + " says " + random.nextInt(1_000_000) + (random.nextBoolean() ? "\r\nand more" : "");
    }

    private LocalDate day() {
        return LocalDate.of(2027, 1, 1).plusDays(random.nextInt(300));
    }

    private List<String> solutions() {
        List<String> some = new ArrayList<>(SOLUTIONS);
        Collections.shuffle(some, random);
        return some.subList(0, 1 + random.nextInt(some.size()));
    }

    private String any(List<String> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** The fields in which the two sides say something different. */
    private Set<String> apart(Deal deal) {
        JsonObject referral = both.referral(deal.referral());
        CrmRecord record = both.opportunity(deal.opportunity());
        JsonObject details = referral.getJsonObject("details");
        Set<String> apart = new TreeSet<>();
        if (dealValue(referral).compareTo(record.number(AMOUNT)) != 0) {
            apart.add("dealValue");
        }
        String theirs = notes(referral).replace("\r\n", "\n").strip();
        String ours = record.text(DESCRIPTION).replace("\r\n", "\n").strip();
        boolean cut = ours.endsWith("…") && theirs.startsWith(ours.substring(0, ours.length() - 1));
        if (!theirs.equals(ours) && !cut) {
            apart.add("notes");
        }
        if (!details.getString("closingDateTime").startsWith(record.text(CLOSE_DATE) + "T")) {
            apart.add("closingDate");
        }
        if (!details.getString("currency").equals(record.text(CURRENCY))) {
            apart.add("currency");
        }
        String products = details.getJsonObject("requirements").getJsonArray("solutions").stream()
                .map(JsonValue::asJsonObject)
                .map(solution -> solution.getString("id"))
                .collect(Collectors.joining(";"));
        if (!products.equals(record.text(PRODUCTS).replaceAll("[;,]\\s*", ";"))) {
            apart.add("products");
        }
        String expected = switch (record.state()) {
            case OPEN -> "Active/Accepted";
            case WON -> "Closed/Won";
            case LOST -> "Closed/Lost";
            default -> "New/Pending";
        };
        if (!state(referral).equals(expected)) {
            apart.add("state");
        }
        if (referral.getJsonObject("consent").getBoolean("consentToShareReferralWithMicrosoftSellers")
                != record.isOn(VISIBLE)) {
            apart.add("visibleToMicrosoft");
        }
        return apart;
    }

    /** The fields that a conflict or a difference names. */
    private List<String> told(Deal deal) {
        List<String> told = new ArrayList<>();
        for (String list : List.of("conflicts", "differences")) {
            both.findings(list, deal.referral()).forEach(finding -> told.add(finding.getString("field")));
        }
        return told;
    }
}
