package org.cosellbridge;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.simulator.DataverseCrm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The list that a script may follow says the same as the pages that a person follows, and all that the built-in mapping documents need. */
class DynamicsSetupTest {
    private static final Path LIST = Path.of("server-config/dynamics-365/partner-center.json");
    private static final Path COLUMNS_PAGE = Path.of("src/site/markdown/dynamics-365.md");
    private static final Path WEBHOOK_PAGE = Path.of("src/site/markdown/webhooks.md");

    private static JsonObject list() throws IOException {
        try (InputStream stream = Files.newInputStream(LIST);
                JsonReader reader = Json.createReader(stream)) {
            return reader.readObject();
        }
    }

    private static List<JsonObject> columns() throws IOException {
        return list().getJsonArray("columns").getValuesAs(JsonObject.class);
    }

    private static List<String> texts(JsonObject object, String member) {
        return object.getJsonArray(member).getValuesAs(JsonString.class).stream()
                .map(JsonString::getString)
                .toList();
    }

    @Test
    void itsColumnsAreThoseOfThePage() throws IOException {
        List<String> page = Pattern.compile("\\| ([^|`]+) \\| `(cosell_[a-z]+)` \\| ([^|]+) \\| ([a-z]+)")
                .matcher(Files.readString(COLUMNS_PAGE))
                .results()
                .map(DynamicsSetupTest::row)
                .toList();

        assertThat(columns())
                .hasSize(10)
                .extracting(column -> column.getString("label") + " "
                        + column.getString("logicalName") + " "
                        + shape(column) + " "
                        + (column.getString("writtenBy").equals("product") ? "us" : "seller"))
                .isEqualTo(page);
    }

    private static String row(MatchResult row) {
        String type = row.group(3).split("[,:] [^0-9(]", 2)[0].split(" or more", 2)[0];
        return row.group(1) + " " + row.group(2) + " " + type + " " + row.group(4);
    }

    private static String shape(JsonObject column) {
        return switch (column.getString("type")) {
            case "Boolean" -> "Yes/No";
            case "String" ->
                "text" + (column.getString("format", "").equals("Url") ? " (URL)" : "") + ", "
                        + column.getInt("maxLength");
            case "Memo" -> "multiple lines of text, " + column.getInt("maxLength");
            case "Choice" -> {
                List<JsonObject> choices = column.getJsonArray("choices").getValuesAs(JsonObject.class);
                yield "choice, " + choices.get(0).getInt("value") + " to "
                        + choices.get(choices.size() - 1).getInt("value");
            }
            default -> throw new AssertionError(column);
        };
    }

    @Test
    void itsChoicesAreThoseOfThePageInTheirOrder() throws IOException {
        JsonObject help = columns().stream()
                .filter(column -> column.getString("type").equals("Choice"))
                .findFirst()
                .orElseThrow();
        List<JsonObject> choices = help.getJsonArray("choices").getValuesAs(JsonObject.class);

        assertThat(choices)
                .extracting(choice -> choice.getInt("value"))
                .containsExactly(100000001, 100000002, 100000003, 100000004, 100000005, 100000006);
        assertThat(Files.readString(COLUMNS_PAGE))
                .contains(": "
                        + String.join(
                                ", ",
                                choices.stream()
                                        .map(choice -> choice.getString("label"))
                                        .toList())
                        + " |");
        assertThat(list().getJsonObject("publisher").getInt("choiceValuePrefix"))
                .isEqualTo(10000);
    }

    @Test
    void logicalNamesFollowFromSchemaNames() throws IOException {
        assertThat(columns())
                .allSatisfy(column -> assertThat(column.getString("schemaName").toLowerCase(Locale.ROOT))
                        .isEqualTo(column.getString("logicalName")));
    }

    @Test
    void theKeyIsOnTheReferralIdentifierAndFormAndViewKnowTheColumns() throws IOException {
        List<String> ours = columns().stream()
                .filter(column -> column.getString("writtenBy").equals("product"))
                .map(column -> column.getString("logicalName"))
                .toList();

        assertThat(texts(list().getJsonObject("key"), "columns")).containsExactly("cosell_referralidentifier");
        assertThat(texts(list(), "tables")).containsExactly("opportunity", "lead");
        assertThat(list().getBoolean("changeTracking")).isTrue();
        assertThat(texts(list().getJsonObject("form"), "readOnly")).isEqualTo(ours);
        assertThat(list().getJsonObject("views").getString("column")).isEqualTo("cosell_syncstatus");
    }

    @ParameterizedTest
    @ValueSource(strings = {"opportunity", "lead"})
    void everyColumnOfOursThatTheBuiltInDocumentNamesIsListed(String record) throws IOException {
        String document;
        try (InputStream stream = MappingLibrary.class.getResourceAsStream("dynamics/" + record + ".json")) {
            document = new String(stream.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
        TreeSet<String> named = new TreeSet<>();
        Pattern.compile("cosell_[a-z]+").matcher(document).results().forEach(found -> named.add(found.group()));

        assertThat(named).isNotEmpty();
        assertThat(columns())
                .extracting(column -> column.getString("logicalName"))
                .containsAll(named);
    }

    @Test
    void itsWebhookIsThatOfThePage() throws IOException {
        JsonObject webhook = list().getJsonObject("webhook");
        String page = Files.readString(WEBHOOK_PAGE);

        assertThat(webhook.getJsonObject("serviceEndpoint").getString("header")).isEqualTo(DataverseCrm.SECRET_HEADER);
        for (Map.Entry<String, Integer> option :
                Map.of("contract", 8, "authtype", 5, "messageformat", 2).entrySet()) {
            assertThat(webhook.getJsonObject("serviceEndpoint").getInt(option.getKey()))
                    .isEqualTo(option.getValue());
            assertThat(page).contains("\"" + option.getKey() + "\": " + option.getValue());
        }
        for (Map.Entry<String, Integer> option : Map.of("mode", 1, "stage", 40, "rank", 1, "supporteddeployment", 0)
                .entrySet()) {
            assertThat(webhook.getJsonObject("step").getInt(option.getKey())).isEqualTo(option.getValue());
            assertThat(page).contains("\"" + option.getKey() + "\": " + option.getValue());
        }
        assertThat(webhook.getJsonObject("step").getBoolean("asyncautodelete")).isTrue();
        for (String table : List.of("opportunity", "lead")) {
            List<String> messages = texts(webhook.getJsonObject("messages"), table);
            assertThat(page).contains("| `" + table + "` | `" + String.join("`, `", messages) + "` |");
            String columns = Pattern.compile("```filteringattributes-" + table + "\\n([a-z0-9_,]+)\\n```")
                    .matcher(page)
                    .results()
                    .map(found -> found.group(1))
                    .findFirst()
                    .orElseThrow();
            assertThat(texts(webhook.getJsonObject("filteringAttributes"), table))
                    .isEqualTo(Arrays.asList(columns.split(",", -1)));
        }
    }
}
