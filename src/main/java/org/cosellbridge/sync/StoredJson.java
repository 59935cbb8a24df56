package org.cosellbridge.sync;

import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.cosellbridge.audit.PersonalValues;
import org.jspecify.annotations.Nullable;

/** JSON as it stands in text columns: every value comes back as it went in, numbers with their digits. */
final class StoredJson {
    /** Looked up once: {@code Json} looks for its provider on every call. */
    static final JsonProvider JSON = JsonProvider.provider();

    private StoredJson() {}

    static JsonObject object(String text) {
        try (JsonReader reader = JSON.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }

    static JsonValue value(String text) {
        return Objects.requireNonNull(object("{\"value\":" + text + "}").get("value"));
    }

    static String text(JsonValue value) {
        return value.toString();
    }

    /** Opens a stored value; null where its subject's key is gone: an erased value is no baseline. */
    static @Nullable JsonValue open(PersonalValues personal, @Nullable JsonValue stored) {
        if (stored == null || !isSealed(stored)) {
            return stored;
        }
        JsonValue opened = personal.open(stored);
        return opened.equals(ERASED) ? null : opened;
    }

    /** Seals values under this subject; a null subject leaves them as they are. */
    static UnaryOperator<JsonValue> sealer(PersonalValues personal, @Nullable String subject) {
        return value -> subject == null || Merge.isEmpty(value) ? value : personal.seal(subject, value);
    }

    private static final JsonValue ERASED = JSON.createValue("erased");

    private static boolean isSealed(JsonValue value) {
        return value instanceof JsonObject object && object.containsKey("sealed") && object.containsKey("key");
    }
}
