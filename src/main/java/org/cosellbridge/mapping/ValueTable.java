package org.cosellbridge.mapping;

import jakarta.json.JsonValue;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Pairs of values that mean the same on both sides, for picklists, stages and codes. Where a value stands in several pairs, the
 * first one counts. Empty stays empty unless a row says otherwise. Texts are found whatever their case. Values that the other side cannot tell apart are equal.
 */
final class ValueTable {
    private final Map<String, JsonValue> toCrm = new LinkedHashMap<>();
    private final Map<String, JsonValue> toPartnerCenter = new LinkedHashMap<>();
    private final List<Pair> pairs;

    /** One row; JSON null on either side is an empty field. */
    record Pair(JsonValue partnerCenter, JsonValue crm) {}

    ValueTable(List<Pair> pairs) {
        this.pairs = List.copyOf(pairs);
        for (Pair pair : pairs) {
            toCrm.putIfAbsent(key(pair.partnerCenter), pair.crm);
            toPartnerCenter.putIfAbsent(key(pair.crm), pair.partnerCenter);
        }
        // empty is empty on both sides unless a row says otherwise
        toCrm.putIfAbsent("", JsonValue.NULL);
        toPartnerCenter.putIfAbsent("", JsonValue.NULL);
    }

    List<Pair> pairs() {
        return pairs;
    }

    Optional<JsonValue> toCrm(JsonValue partnerCenter) {
        return Optional.ofNullable(toCrm.get(key(partnerCenter)));
    }

    Optional<JsonValue> toPartnerCenter(JsonValue crm) {
        return Optional.ofNullable(toPartnerCenter.get(key(crm)));
    }

    /** The first of the CRM's values that mean the same at Partner Center. */
    JsonValue sameInCrm(JsonValue crm) {
        return toPartnerCenter(crm).flatMap(this::toCrm).orElse(crm);
    }

    /** The first of Partner Center's values that mean the same in the CRM. */
    JsonValue sameInPartnerCenter(JsonValue partnerCenter) {
        return toCrm(partnerCenter).flatMap(this::toPartnerCenter).orElse(partnerCenter);
    }

    /** Whether every value has its own partner, in both directions. */
    boolean isInvertible() {
        Set<String> left = new HashSet<>();
        Set<String> right = new HashSet<>();
        return pairs.stream().allMatch(pair -> left.add(key(pair.partnerCenter)) && right.add(key(pair.crm)));
    }

    /** Whether a value that went to the other side and came back means there what it meant before. */
    boolean isStable() {
        return pairs.stream().allMatch(pair -> {
            Optional<JsonValue> there = toCrm(pair.partnerCenter);
            Optional<JsonValue> again = there.flatMap(this::toPartnerCenter).flatMap(this::toCrm);
            Optional<JsonValue> back = toPartnerCenter(pair.crm);
            Optional<JsonValue> backAgain = back.flatMap(this::toCrm).flatMap(this::toPartnerCenter);
            return key(there).equals(key(again)) && key(back).equals(key(backAgain));
        });
    }

    private static String key(Optional<JsonValue> value) {
        return key(value.orElse(JsonValue.NULL));
    }

    private static String key(JsonValue value) {
        return Values.isEmpty(value)
                ? ""
                : Values.findText(value)
                        .map(text -> Values.cleanText(text, false).strip().toLowerCase(Locale.ROOT))
                        .orElseGet(() -> Values.canonical(value).toString());
    }
}
