package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RemoteField;

/**
 * The stages of opportunities and the statuses of leads, and what each means. The states of a mapping document are the names of stages
 * or one of four words: {@code open}, {@code won}, {@code lost}, {@code converted}. A word stands for every stage that means so and
 * that the document does not name; written, it is the first of them in the org's order. The meaning comes from the org's catalogue
 * and never from a name. Thread-safe.
 *
 * <p>The catalogue is remembered on this node for a quarter of an hour. A stage that it lacks has it asked again, and so does every
 * closing.
 */
final class SalesforceStages {
    private static final Duration REMEMBERED = Duration.ofMinutes(15);
    private static final Duration FRESH = Duration.ofMinutes(1);

    private static final String OPPORTUNITY = "Opportunity";
    private static final String LEAD = "Lead";
    private static final Map<String, String> CATALOGUES = Map.of(
            OPPORTUNITY,
            "SELECT ApiName, IsActive, IsClosed, IsWon, SortOrder FROM OpportunityStage ORDER BY SortOrder",
            LEAD,
            "SELECT ApiName, IsDefault, IsConverted, SortOrder FROM LeadStatus ORDER BY SortOrder");

    private final SalesforceClient client;
    private final Clock clock;
    private final Map<String, Known> remembered = new ConcurrentHashMap<>();

    SalesforceStages(SalesforceClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    private enum Meaning {
        OPEN,
        WON,
        LOST,
        CONVERTED;

        private static Optional<Meaning> find(String word) {
            for (Meaning meaning : values()) {
                if (meaning.word().equals(word)) {
                    return Optional.of(meaning);
                }
            }
            return Optional.empty();
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A stage or status.
     *
     * @param name the value of the record's field
     * @param usual whether new records get it unless said otherwise
     */
    private record Stage(String name, Meaning meaning, boolean active, boolean usual) {}

    private record Known(List<Stage> stages, Instant asked) {}

    /** Whether the org has a catalogue for this object. */
    static boolean areKept(String object) {
        return CATALOGUES.containsKey(object);
    }

    /** The state that a record with this stage is in, as the document names it; the stage itself when the document has neither. */
    String read(CallContext call, String object, RemoteField field, String stage) {
        if (field.states().containsKey(stage) || !areKept(object)) {
            return stage;
        }
        return find(call, object, stage)
                .map(known -> known.meaning().word())
                .filter(field.states()::containsKey)
                .orElse(stage);
    }

    /** The stage to write so that the record comes to this state. */
    String write(CallContext call, String object, RemoteField field, String state) {
        RemoteField.StateStep step = field.states().get(state);
        if (step == null) {
            throw client.errors()
                    .rejected("The value for " + field.name() + " is none of the states the mapping knows.");
        }
        if (!areKept(object)) {
            return state;
        }
        boolean closing = step.step() != RemoteField.Step.SET;
        List<Stage> stages = list(call, object, closing ? Duration.ZERO : FRESH);
        Optional<Stage> named =
                stages.stream().filter(stage -> stage.name().equals(state)).findFirst();
        Optional<Meaning> meaning = named.map(Stage::meaning).or(() -> Meaning.find(state));
        if (meaning.filter(Meaning.CONVERTED::equals).isPresent()) {
            return withoutConversion(field, stages);
        }
        if (named.isPresent()) {
            return named.filter(Stage::active)
                    .map(Stage::name)
                    .orElseThrow(
                            () -> client.errors()
                                    .rejected(
                                            "The " + field.name() + " '" + state
                                                    + "' is not active in Salesforce. Activate it or correct the states of the mapping."));
        }
        return meaning.flatMap(wanted -> first(stages, field, wanted))
                .orElseThrow(() -> client.errors()
                        .rejected("Salesforce has no active " + field.name() + " for '" + state
                                + "'. Add one there, or name" + " one of yours in the states of the mapping."));
    }

    /**
     * Nobody converts a lead by writing its status. One whose opportunity was made beside it is closed by the status that the document
     * names for a lost lead: the catalogue does not say which statuses close.
     */
    private String withoutConversion(RemoteField field, List<Stage> stages) {
        return stages.stream()
                .filter(stage -> stage.meaning() != Meaning.CONVERTED)
                .map(Stage::name)
                .filter(name -> {
                    RemoteField.StateStep step = field.states().get(name);
                    return step != null && step.step() == RemoteField.Step.LOSE;
                })
                .findFirst()
                .orElseThrow(() -> client.errors()
                        .rejected("Salesforce converts a lead by hand only. Name the status that closes a lead without"
                                + " converting it, with the step lose, in the states of the mapping."));
    }

    /** The stage of a new record for which nobody said one; empty where Salesforce itself sets one. */
    Optional<String> ofNew(CallContext call, String object, RemoteField field) {
        return object.equals(OPPORTUNITY) ? first(list(call, object, FRESH), field, Meaning.OPEN) : Optional.empty();
    }

    /** The stages in which records are in this state. */
    List<String> listIn(CallContext call, String object, RemoteField field, String state) {
        if (!areKept(object)) {
            return List.of(state);
        }
        return list(call, object, REMEMBERED).stream()
                .map(Stage::name)
                .filter(stage -> read(call, object, field, stage).equals(state))
                .toList();
    }

    /** The first that the document does not name: those that it names are states of their own. */
    private static Optional<String> first(List<Stage> stages, RemoteField field, Meaning meaning) {
        List<Stage> active = stages.stream()
                .filter(stage -> stage.active() && stage.meaning() == meaning)
                .filter(stage -> !field.states().containsKey(stage.name()))
                .toList();
        return active.stream()
                .filter(Stage::usual)
                .findFirst()
                .or(() -> active.stream().findFirst())
                .map(Stage::name);
    }

    private Optional<Stage> find(CallContext call, String object, String name) {
        return find(list(call, object, REMEMBERED), name)
                // renamed or added since
                .or(() -> find(list(call, object, FRESH), name));
    }

    private static Optional<Stage> find(List<Stage> stages, String name) {
        return stages.stream().filter(stage -> stage.name().equals(name)).findFirst();
    }

    private List<Stage> list(CallContext call, String object, Duration oldest) {
        Known known = remembered.get(object);
        if (known != null && clock.instant().isBefore(known.asked().plus(oldest))) {
            return known.stages();
        }
        Instant asked = clock.instant();
        List<Stage> stages =
                SalesforceJson.objects(client.query(call, CATALOGUES.getOrDefault(object, ""))
                                .get("records"))
                        .stream()
                        .map(row -> object.equals(LEAD) ? status(row) : stage(row))
                        .toList();
        remembered.put(object, new Known(stages, asked));
        return stages;
    }

    private static Stage stage(JsonObject row) {
        Meaning meaning = !SalesforceJson.isTrue(row, "IsClosed")
                ? Meaning.OPEN
                : SalesforceJson.isTrue(row, "IsWon") ? Meaning.WON : Meaning.LOST;
        return new Stage(SalesforceJson.text(row, "ApiName"), meaning, SalesforceJson.isTrue(row, "IsActive"), false);
    }

    /** The catalogue does not say which statuses close a lead without converting it. */
    private static Stage status(JsonObject row) {
        return new Stage(
                SalesforceJson.text(row, "ApiName"),
                SalesforceJson.isTrue(row, "IsConverted") ? Meaning.CONVERTED : Meaning.OPEN,
                true,
                SalesforceJson.isTrue(row, "IsDefault"));
    }
}
