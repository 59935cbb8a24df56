package org.cosellbridge.audit;

import jakarta.json.JsonValue;

/**
 * Encrypts personal values with a key per data subject, so that erasing the key erases every copy: in entries, baselines, plans,
 * dead letters and exports. The sealed form is the JSON object {@code {"key":"<key id>","sealed":"<base64>"}}.
 */
public interface PersonalValues {
    /**
     * The sealed form of a value under the key of this subject. JSON null is answered as it is: an empty field tells nothing of a
     * person. The key of a new subject is made and committed at once, in a transaction of its own, whatever becomes of the
     * caller's; case and surrounding space of the subject do not count.
     */
    JsonValue seal(String subject, JsonValue value);

    /**
     * The value of a sealed form; a value that is not sealed is answered as it is; an erased one is the text {@code erased}. Throws
     * {@link IllegalStateException} when a sealed value was altered or {@code cosell.secret-key} is another than when it was sealed.
     */
    JsonValue open(JsonValue value);
}
