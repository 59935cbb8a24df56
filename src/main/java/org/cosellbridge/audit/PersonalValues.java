package org.cosellbridge.audit;

import jakarta.json.JsonValue;

/**
 * Encrypts personal values with a key per data subject, so that erasing the key erases every copy: in entries, baselines, plans,
 * dead letters and exports. The sealed form is the JSON object {@code {"key":"<key id>","sealed":"<base64>"}}.
 */
public interface PersonalValues {
    /** The sealed form of a value under the key of this subject, made when the subject is new. Joins the caller's transaction. */
    JsonValue seal(String subject, JsonValue value);

    /** The value of a sealed form; a value that is not sealed is answered as it is; an erased one is the text {@code erased}. */
    JsonValue open(JsonValue value);
}
