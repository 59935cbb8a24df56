package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * State and country picklists, when they are switched on: every country of an address then has a code of two letters beside it, each
 * of both sets the other, and text that is no country of the list is refused. The list is a short one.
 */
final class SalesforceCountries {
    private static final Map<String, String> CODES =
            Map.of("United States", "US", "Germany", "DE", "United Kingdom", "GB", "France", "FR", "India", "IN");
    private static final String COUNTRY = "Country";
    private static final String CODE = "CountryCode";

    private boolean on;

    void switched(boolean toOn) {
        on = toOn;
    }

    static List<String> codes() {
        return CODES.values().stream().sorted().toList();
    }

    /** Lets name and code say the same. */
    void complete(Map<String, JsonValue> all, Set<String> given) {
        if (!on) {
            return;
        }
        for (String field : given) {
            String prefix = field.endsWith(CODE)
                    ? field.substring(0, field.length() - CODE.length())
                    : field.endsWith(COUNTRY) ? field.substring(0, field.length() - COUNTRY.length()) : null;
            if (prefix != null) {
                complete(all, field, prefix + COUNTRY, prefix + CODE, given);
            }
        }
    }

    private static void complete(
            Map<String, JsonValue> all, String field, String country, String code, Set<String> given) {
        String other = field.equals(code) ? country : code;
        if (!(all.get(field) instanceof JsonString text)) {
            if (!given.contains(other)) {
                all.put(other, JsonValue.NULL);
            }
            return;
        }
        String name = CODES.entrySet().stream()
                .filter(entry -> text.getString().equals(field.equals(code) ? entry.getValue() : entry.getKey()))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> noCountry(field));
        JsonString wanted = JSON.createValue(
                field.equals(code) ? name : Optional.ofNullable(CODES.get(name)).orElse(""));
        if (given.contains(other) && !wanted.equals(all.get(other))) {
            throw noCountry(field);
        }
        all.put(other, wanted);
    }

    private static SalesforceRefusal noCountry(String field) {
        return SalesforceRefusal.bad(
                "FIELD_INTEGRITY_EXCEPTION",
                "There's a problem with this country, even though it may appear correct. Please select a"
                        + " country/territory from the list of valid countries.: " + field,
                field);
    }
}
