package org.cosellbridge.sync;

import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteField;

/**
 * What a CRM lets us do to a record, in the way of Dynamics 365: a closed record is read-only until it is reopened, what it computes
 * itself is not written, texts have a length. Everything refused and everything useless is told to the consumer.
 */
final class CrmRules {
    private static final String LOCK = "isrevenuesystemcalculated";
    private static final Map<String, Integer> LONGEST = Map.of(
            "name", 300,
            "subject", 300,
            "cosell_products", 4000,
            "cosell_syncstatus", 255,
            "cosell_audit", 10_000,
            "cosell_referralidentifier", 100);
    private static final Set<String> OPEN_LEAD = Set.of("1", "2");
    private static final Set<String> CLOSED_LEAD = Set.of("3", "4", "5", "6", "7");

    private final Consumer<String> broken;

    CrmRules(Consumer<String> broken) {
        this.broken = broken;
    }

    /** Throws when the CRM does not take these values for a new record. */
    void checkCreate(RecordShape shape, Map<String, JsonValue> values) {
        values.forEach((name, value) -> checkValue(shape, name, value));
        require(
                !values.containsKey("name")
                        || !isEmpty(values.get("name"))
                        || !shape.kind().equals("opportunity"),
                "name",
                "is required");
    }

    /** Throws when the CRM does not take this change of a record. */
    void checkUpdate(RecordShape shape, JsonObject row, Map<String, JsonValue> changes) {
        Optional<RemoteField> state = state(shape);
        Optional<JsonValue> wanted = state.map(field -> changes.get(field.name()));
        boolean reopens = wanted.filter(JsonString.class::isInstance)
                .filter(to -> !isClosing(state.orElseThrow(), to))
                .isPresent();
        boolean closed = state.filter(field -> isClosing(field, row.getOrDefault(field.name(), JsonValue.NULL)))
                .isPresent();
        require(!closed || reopens, shape.kind(), "is closed and read-only");
        wanted.ifPresent(to -> {
            String from = text(row.getOrDefault(state.orElseThrow().name(), JsonValue.NULL));
            boolean lead = shape.kind().equals("lead") && CLOSED_LEAD.contains(from);
            require(!lead || OPEN_LEAD.contains(text(to)), "statuscode", "of a closed lead goes through open first");
        });
        changes.forEach((name, value) -> {
            checkValue(shape, name, value);
            if (isSame(row.getOrDefault(name, JsonValue.NULL), value)) {
                broken.accept("An unchanged value is written: " + shape.kind() + "." + name + ".");
            }
        });
        require(
                !changes.containsKey("estimatedvalue") || row.get(LOCK) != JsonValue.TRUE,
                "estimatedvalue",
                "is computed from the products");
    }

    private void checkValue(RecordShape shape, String name, JsonValue value) {
        RemoteField field = shape.findField(name)
                .orElseThrow(() -> new AssertionError("The shape of " + shape.kind() + " has no field " + name + "."));
        if (isEmpty(value)) {
            return;
        }
        boolean fits = switch (field.type()) {
            case TEXT, DATETIME, REFERENCE, LOOKUP -> value instanceof JsonString;
            case DATE -> value instanceof JsonString day && day.getString().matches("\\d{4}-\\d{2}-\\d{2}");
            case NUMBER, MONEY, CHOICE -> value instanceof JsonNumber;
            case BOOLEAN -> value == JsonValue.TRUE || value == JsonValue.FALSE;
            case STATE -> field.states().containsKey(text(value));
        };
        require(fits, name, "does not take " + value);
        int longest = LONGEST.getOrDefault(name, 2000);
        require(text(value).length() <= longest, name, "takes at most " + longest + " characters");
    }

    static Optional<RemoteField> state(RecordShape shape) {
        return shape.fields().stream()
                .filter(field -> field.type() == RemoteField.Type.STATE)
                .findFirst();
    }

    static boolean isClosing(RemoteField field, JsonValue state) {
        RemoteField.StateStep step = field.states().get(text(state));
        return step != null && step.step() != RemoteField.Step.SET;
    }

    private static boolean isSame(JsonValue one, JsonValue other) {
        if (one instanceof JsonNumber first && other instanceof JsonNumber second) {
            return first.bigDecimalValue().compareTo(second.bigDecimalValue()) == 0;
        }
        return isEmpty(one) ? isEmpty(other) : one.equals(other);
    }

    static boolean isEmpty(JsonValue value) {
        return value == JsonValue.NULL || text(value).isEmpty() && value instanceof JsonString;
    }

    static String text(JsonValue value) {
        return value instanceof JsonString text ? text.getString() : "";
    }

    private void require(boolean holds, String name, String sentence) {
        if (!holds) {
            broken.accept("Refused: " + name + " " + sentence + ".");
            throw new RejectedException("crm", "Refused: " + name + " " + sentence + ".");
        }
    }
}
