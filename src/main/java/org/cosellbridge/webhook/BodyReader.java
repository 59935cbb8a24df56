package org.cosellbridge.webhook;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Reads a request's body, as many bytes as are allowed and for as long as is allowed. The time is looked at whenever bytes arrive, so
 * that a sender who trickles loses the thread soon; one who sends nothing at all loses it to the server's own read time-out.
 */
final class BodyReader {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private final int maxBody;
    private final Clock clock;

    BodyReader(int maxBody, Clock clock) {
        this.maxBody = maxBody;
        this.clock = clock;
    }

    /** The raw bytes; a body that says it is too long is not read at all, any other at most one byte beyond the limit. */
    byte[] read(WebhookRequest request) throws RefusedException {
        if (saysTooLarge(request)) {
            throw new RefusedException(Refusal.TOO_LARGE);
        }
        Instant end = clock.instant().plus(PATIENCE);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] part = new byte[8_192];
        InputStream body = request.body();
        try {
            int room = maxBody + 1;
            int read = body.read(part, 0, Math.min(part.length, room));
            while (read >= 0) {
                bytes.write(part, 0, read);
                room -= read;
                if (room == 0) {
                    throw new RefusedException(Refusal.TOO_LARGE);
                }
                if (clock.instant().isAfter(end)) {
                    throw new RefusedException(Refusal.BODY_INCOMPLETE);
                }
                read = body.read(part, 0, Math.min(part.length, room));
            }
            return bytes.toByteArray();
        } catch (IOException cut) {
            throw new RefusedException(Refusal.BODY_INCOMPLETE);
        }
    }

    private boolean saysTooLarge(WebhookRequest request) {
        return request.values("content-length").stream()
                .anyMatch(length -> length.length() > 9
                        || (length.chars().allMatch(c -> c >= '0' && c <= '9') && Integer.parseInt(length) > maxBody));
    }
}
