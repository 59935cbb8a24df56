package org.cosellbridge.sync;

import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingException;
import org.cosellbridge.mapping.Occasion;
import org.cosellbridge.platform.Problem;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.referral.ReferralPath;
import org.cosellbridge.referral.ReferralPaths;
import org.cosellbridge.referral.ReferralState;
import org.jspecify.annotations.Nullable;

/**
 * Whether a person's decision about a field can be carried out, as far as the mapping document tells. It reads neither side, so a
 * decision can be made while a system is away; what only the moment tells (a record that is closed, a referral at its end) shows
 * when it is carried out, as a difference.
 */
final class DecisionCheck {
    /** 422: the words are understood, but no side can hold the value. */
    private static final Response.StatusType UNPROCESSABLE = new Response.StatusType() {
        @Override
        public int getStatusCode() {
            return 422;
        }

        @Override
        public Response.Status.Family getFamily() {
            return Response.Status.Family.CLIENT_ERROR;
        }

        @Override
        public String getReasonPhrase() {
            return "Unprocessable Content";
        }
    };

    private final FieldMapping mapping;
    private final JsonObject definition;

    DecisionCheck(MappingDocument document, FieldMapping mapping) {
        this.mapping = mapping;
        this.definition = StoredJson.object(document.json()).getJsonArray("fields").stream()
                .map(JsonValue::asJsonObject)
                .filter(field -> field.getString("name", "").equals(mapping.name()))
                .findFirst()
                .orElse(JsonValue.EMPTY_JSON_OBJECT);
    }

    /**
     * A value that both sides shall have.
     *
     * @param partnerCenter as Partner Center shall hold it
     * @param crm as the CRM shall hold it; null: what the mapping's transform makes of it shows when it is carried out
     */
    record Typed(JsonValue partnerCenter, @Nullable JsonValue crm) {}

    /** Answers 409 unless the value of this side, or a typed one, reaches whoever has another. */
    void requireWay(Decided.Side side) {
        boolean toCrm = mapping.travels(Direction.TO_CRM, Occasion.UPDATE);
        boolean toPartnerCenter = Comparison.reachesPartnerCenter(mapping);
        boolean needsCrm = side != Decided.Side.CRM;
        boolean needsPartnerCenter = side != Decided.Side.PARTNER_CENTER;
        if ((!needsCrm || toCrm) && (!needsPartnerCenter || toPartnerCenter)) {
            return;
        }
        String missing = needsCrm && !toCrm ? "the CRM" : "Partner Center";
        throw Problem.conflict("The field " + mapping.name() + " is not written to " + missing + ", so this cannot be. "
                + (toCrm
                        ? "Decide for {\"side\":\"partner-center\"}."
                        : toPartnerCenter
                                ? "Decide for {\"side\":\"crm\"}."
                                : "It is written to neither side: make the two equal by hand."));
    }

    private Optional<ReferralPath> path() {
        return mapping.path().flatMap(ReferralPaths::find);
    }

    /** The typed value as both sides shall hold it; answers 422 with a sentence when one of them cannot. */
    Typed typed(JsonValue value) {
        ReferralPath path = path().orElseThrow(() -> cannot("The field has no place at Partner Center."));
        requireKind(path.kind(), value);
        if (definition.containsKey("transform")) {
            return new Typed(value, null); // it may look at more of the referral than this value
        }
        try {
            JsonValue crm = mapping.toCrm(view(value, path.steps()).asJsonObject());
            JsonValue back = mapping.toPartnerCenter(StoredJson.JSON
                    .createObjectBuilder()
                    .add(mapping.crm().name(), crm)
                    .build());
            if (!mapping.sameInPartnerCenter(back, value)) {
                throw cannot(
                        definition.containsKey("values")
                                ? "The value is not in the mapping's value table. Choose one that is, or add a row for it."
                                : "The CRM cannot hold the value as it is: it would be cut or changed there. Shorten it, or decide for a side.");
            }
            return new Typed(definition.containsKey("values") ? spelled(value) : back, crm);
        } catch (MappingException cannotBeExpressed) {
            throw cannot(String.valueOf(cannotBeExpressed.getMessage()));
        }
    }

    /**
     * Answers 409, for a typed value 422, when Partner Center does not take what would be sent there as long as both sides hold what
     * the conflict shows. A decision holds no longer than that, so it could never be carried out.
     *
     * @param typed the typed value; null: a side was chosen
     */
    void requireTaken(Decided.Side side, Finding conflict, @Nullable Typed typed) {
        JsonValue held = conflict.partnerCenter();
        JsonValue wanted = side == Decided.Side.PARTNER_CENTER
                ? held
                : typed == null ? inPartnerCenter(conflict.crm()) : typed.partnerCenter();
        if (wanted == null || mapping.sameInPartnerCenter(held, wanted)) {
            return;
        }
        String reason = refusal(held, wanted);
        if (reason != null) {
            String sentence = Sentences.of(Finding.DIFFERENCE, reason);
            throw typed == null ? Problem.conflict(sentence) : cannot(sentence);
        }
    }

    /** The CRM's value in Partner Center's terms; null: it has none, or not without the rest of the record. */
    private @Nullable JsonValue inPartnerCenter(JsonValue crm) {
        if (definition.containsKey("transform")) {
            return null;
        }
        try {
            return mapping.toPartnerCenter(StoredJson.JSON
                    .createObjectBuilder()
                    .add(mapping.crm().name(), crm)
                    .build());
        } catch (MappingException cannotBeExpressed) {
            return null; // shows as a difference when the decision is carried out
        }
    }

    private @Nullable String refusal(JsonValue held, JsonValue wanted) {
        if (mapping.oneWay() && !Merge.isNo(held) && Merge.isNo(wanted)) {
            return "irreversible";
        }
        ReferralState now = ReferralState.parse(
                Comparison.isState(mapping) && held instanceof JsonString text ? text.getString() : "");
        if (Comparison.isState(mapping) && !now.isConsistent()) {
            return null; // nothing can be said about a state that is new at Partner Center
        }
        return now.isTerminal() ? "ended" : Comparison.refusal(mapping, now, wanted);
    }

    private static void requireKind(ReferralPath.Kind kind, JsonValue value) {
        if (value.getValueType() == JsonValue.ValueType.NULL) {
            return;
        }
        boolean fits = switch (kind) {
            case TEXT, DATETIME -> value instanceof JsonString;
            case NUMBER -> value instanceof JsonNumber;
            case BOOLEAN ->
                value.getValueType() == JsonValue.ValueType.TRUE || value.getValueType() == JsonValue.ValueType.FALSE;
            case LIST ->
                value instanceof JsonArray list && list.stream().allMatch(element -> element instanceof JsonString);
            case STRUCTURE -> value instanceof JsonObject || value instanceof JsonArray;
            case ANY -> true;
        };
        if (!fits) {
            throw cannot(
                    switch (kind) {
                        case TEXT -> "Partner Center holds a text here: write the value in quotes.";
                        case DATETIME -> "Partner Center holds a time here, such as \"2026-11-20T00:00:00Z\".";
                        case NUMBER -> "Partner Center holds a number here: write it without quotes.";
                        case BOOLEAN -> "Partner Center holds true or false here.";
                        case LIST -> "Partner Center holds a list of texts here.";
                        case STRUCTURE, ANY -> "Partner Center holds an object or a list here.";
                    });
        }
    }

    private static WebApplicationException cannot(String sentence) {
        return Problem.exception(UNPROCESSABLE, sentence);
    }

    /** A referral that holds nothing but this value. */
    private static JsonValue view(JsonValue value, List<String> steps) {
        if (steps.isEmpty()) {
            return value;
        }
        String step = steps.get(0);
        List<String> rest = steps.subList(1, steps.size());
        if (!step.startsWith("[")) {
            return StoredJson.JSON
                    .createObjectBuilder()
                    .add(step, view(value, rest))
                    .build();
        }
        var list = StoredJson.JSON.createArrayBuilder();
        if (step.equals("[]")) {
            if (value instanceof JsonArray all) {
                all.forEach(element -> list.add(view(element, rest)));
            }
            return list.build();
        }
        int index = Integer.parseInt(step.substring(1, step.length() - 1));
        for (int before = 0; before < index; before++) {
            list.add(JsonValue.EMPTY_JSON_OBJECT);
        }
        return list.add(view(value, rest)).build();
    }

    /** The value as the value table spells it: Partner Center need not take another spelling. */
    private JsonValue spelled(JsonValue value) {
        return definition.getJsonArray("values").stream()
                .map(row -> Objects.requireNonNullElse(row.asJsonObject().get("partnerCenter"), JsonValue.NULL))
                .filter(listed -> value instanceof JsonString text
                        && listed instanceof JsonString other
                        && other.getString().equalsIgnoreCase(text.getString().strip()))
                .findFirst()
                .orElse(value);
    }
}
