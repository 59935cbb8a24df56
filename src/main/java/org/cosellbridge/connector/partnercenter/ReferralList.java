package org.cosellbridge.connector.partnercenter;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.http.HttpAnswer;

/**
 * One page of the list of referrals.
 *
 * @param rows the referrals of the page
 * @param next the query of the next page with its question mark, empty on the last page
 */
record ReferralList(List<RemoteRecord> rows, String next) {
    // Everything else in a next link (its scheme, its host, its path) is ignored: it may be wrong, or somebody else's.
    private static final Set<String> FOLLOWED =
            Set.of("$skiptoken", "$skip", "$filter", "$orderby", "$top", "$select", "$count");

    /** The first page of the newest changes. */
    static final String NEWEST_FIRST = "?$orderby=updatedDateTime%20desc";

    ReferralList {
        rows = List.copyOf(rows);
    }

    /** The page in this answer; empty when the answer is no list. */
    static Optional<ReferralList> read(HttpAnswer answer) {
        try (JsonReader reader = Json.createReader(new ByteArrayInputStream(answer.body()))) {
            if (reader.readValue() instanceof JsonObject envelope
                    && envelope.get("value") instanceof JsonArray values) {
                List<RemoteRecord> rows = new ArrayList<>();
                for (JsonValue value : values) {
                    if (value instanceof JsonObject row) {
                        ReferralDocument.record(row, "").ifPresent(rows::add);
                    }
                }
                String link = envelope.get("@odata.nextLink") instanceof JsonString text ? text.getString() : "";
                return Optional.of(new ReferralList(rows, query(link)));
            }
        } catch (JsonException notJson) {
            // falls through: a gateway's page is no list
        }
        return Optional.empty();
    }

    /** The part of a next link, or of a cursor made from one, that is sent back to the configured address. */
    static String query(String link) {
        String query = link.replaceAll("#.*", "").replaceAll("^[^?]*\\??", "");
        String kept = Arrays.stream(query.split("&", -1))
                .filter(option -> FOLLOWED.contains(option.replaceAll("=.*", "")
                        .replaceAll("(?i)%24", "\\$")
                        .toLowerCase(Locale.ROOT)))
                .map(ReferralList::legal)
                .collect(Collectors.joining("&"));
        return kept.isEmpty() ? "" : "?" + kept;
    }

    /** The query of the first page of referrals in which every property equals its text. */
    static String filter(Map<String, String> equal, int top) {
        String filter = equal.entrySet().stream()
                .map(term -> term.getKey() + " eq '" + term.getValue().replace("'", "''") + "'")
                .collect(Collectors.joining(" and "));
        return "?$filter=" + encode(filter) + (top > 0 ? "&$top=" + top : "");
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The option with every character encoded that may not stand in a query; what is encoded already stays. */
    private static String legal(String option) {
        StringBuilder result = new StringBuilder();
        option.codePoints().forEach(point -> {
            String character = Character.toString(point);
            result.append(character.matches("[A-Za-z0-9$=%&/:@!*()',;._~+-]") ? character : encode(character));
        });
        return result.toString();
    }
}
