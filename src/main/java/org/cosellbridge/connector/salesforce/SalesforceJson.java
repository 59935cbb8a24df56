package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** JSON in and out. The provider is looked up once; a look-up costs more than most of the parsing here. */
final class SalesforceJson {
    private static final JsonProvider JSON = JsonProvider.provider();

    private static final int MOST_ZEROS = 100;

    private SalesforceJson() {}

    /** The object or list these bytes hold; a {@code JsonException} when they hold neither. */
    static JsonValue parse(byte[] body) {
        try (JsonReader reader =
                JSON.createReader(new InputStreamReader(new ByteArrayInputStream(body), StandardCharsets.UTF_8))) {
            return reader.read();
        }
    }

    static byte[] bytes(JsonObject body) {
        return body.toString().getBytes(StandardCharsets.UTF_8);
    }

    static JsonObjectBuilder object() {
        return JSON.createObjectBuilder();
    }

    static JsonValue text(String text) {
        return JSON.createValue(text);
    }

    static JsonValue number(long number) {
        return JSON.createValue(number);
    }

    /** The number without trailing zeros and without an exponent, so that equal amounts look equal. */
    static JsonValue number(BigDecimal number) {
        BigDecimal plain = number.stripTrailingZeros();
        // written out only within reason: a few bytes can name a number whose digits fill the memory
        return JSON.createValue(plain.scale() < 0 && plain.scale() > -MOST_ZEROS ? plain.setScale(0) : plain);
    }

    /** The text of a member; empty when it is absent or no text. */
    static String text(JsonObject object, String member) {
        return object.get(member) instanceof JsonString text ? text.getString() : "";
    }

    static boolean isTrue(JsonObject object, String member) {
        return JsonValue.TRUE.equals(object.get(member));
    }

    /** The objects of a list; what is no object is left out. */
    static List<JsonObject> objects(@Nullable JsonValue list) {
        return list instanceof JsonArray array
                ? array.stream()
                        .filter(JsonObject.class::isInstance)
                        .map(JsonValue::asJsonObject)
                        .toList()
                : List.of();
    }
}
