package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/** JSON in and out. The provider is looked up once; a look-up costs more than most of the parsing here. */
final class DynamicsJson {
    private static final JsonProvider JSON = JsonProvider.provider();

    private static final int MOST_ZEROS = 100;

    private DynamicsJson() {}

    /** The object these bytes hold; a {@code JsonException} when they hold none. */
    static JsonObject parse(byte[] body) {
        try (JsonReader reader =
                JSON.createReader(new InputStreamReader(new ByteArrayInputStream(body), StandardCharsets.UTF_8))) {
            return reader.readObject();
        }
    }

    static byte[] bytes(JsonObject body) {
        return body.toString().getBytes(StandardCharsets.UTF_8);
    }

    static JsonObjectBuilder object() {
        return JSON.createObjectBuilder();
    }

    /** A builder that starts with these members. */
    static JsonObjectBuilder object(JsonObject start) {
        return JSON.createObjectBuilder(start);
    }

    static JsonValue text(String text) {
        return JSON.createValue(text);
    }

    /** The number without trailing zeros and without an exponent, so that equal amounts look equal. */
    static JsonValue number(BigDecimal number) {
        BigDecimal plain = number.stripTrailingZeros();
        // written out only within reason: a few bytes can name a number whose digits fill the memory
        return JSON.createValue(plain.scale() < 0 && plain.scale() > -MOST_ZEROS ? plain.setScale(0) : plain);
    }

    static JsonValue flag(boolean flag) {
        return flag ? JsonValue.TRUE : JsonValue.FALSE;
    }
}
