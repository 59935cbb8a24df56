package org.cosellbridge.simulator;

import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a simulator answers.
 *
 * @param status the HTTP status
 * @param headers the answer's headers
 * @param body the answer's body, empty for none
 */
public record SimulatorAnswer(int status, Map<String, String> headers, byte[] body) {
    public SimulatorAnswer {
        headers = Map.copyOf(headers);
    }

    /** An answer with a JSON body. */
    public static SimulatorAnswer json(int status, JsonValue body) {
        return bytes(status, "application/json; charset=utf-8", body.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** An answer without a body. */
    public static SimulatorAnswer empty(int status) {
        return new SimulatorAnswer(status, Map.of(), new byte[0]);
    }

    /** An answer with plain text. */
    public static SimulatorAnswer text(int status, String text) {
        return bytes(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /** An answer with a body of any type. */
    public static SimulatorAnswer bytes(int status, String contentType, byte[] body) {
        return new SimulatorAnswer(status, Map.of("Content-Type", contentType), body);
    }

    /** The same answer with one more header. */
    public SimulatorAnswer withHeader(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new SimulatorAnswer(status, more, body);
    }

    /** Ends the handling of a call: the answer is sent instead of what the route would have returned. */
    public RefusedException refused() {
        return new RefusedException(this);
    }

    /** Carries the answer of a refused call out of the depth of a simulator. */
    public static final class RefusedException extends RuntimeException {
        private final transient SimulatorAnswer answer;

        RefusedException(SimulatorAnswer answer) {
            super("refused with " + answer.status());
            this.answer = answer;
        }

        SimulatorAnswer answer() {
            return answer;
        }
    }
}
