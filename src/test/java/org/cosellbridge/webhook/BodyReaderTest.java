package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.cosellbridge.audit.MovingClock;
import org.junit.jupiter.api.Test;

class BodyReaderTest {
    private final MovingClock clock = MovingClock.startingNow();
    private final BodyReader reader = new BodyReader(100, clock);

    private static WebhookRequest request(InputStream body, String... contentLength) {
        return new WebhookRequest("192.0.2.1", Map.of("Content-Length", List.of(contentLength)), body);
    }

    private void assertRefused(WebhookRequest request, Refusal refusal) {
        assertThatThrownBy(() -> reader.read(request))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }

    @Test
    void readsBodyUpToTheLimit() throws RefusedException {
        byte[] body = new byte[100];
        body[99] = 7;
        assertThat(reader.read(request(new ByteArrayInputStream(body), "100"))).isEqualTo(body);
        assertThat(reader.read(request(new ByteArrayInputStream(body)))).isEqualTo(body);
    }

    @Test
    void doesNotTouchBodyThatSaysItIsTooLong() {
        assertRefused(request(new UntouchableBody(), "101"), Refusal.TOO_LARGE);
        assertRefused(request(new UntouchableBody(), "99999999999999999999"), Refusal.TOO_LARGE);
    }

    @Test
    void readsOneByteBeyondTheLimitAtMost() throws IOException {
        ByteArrayInputStream chunked = new ByteArrayInputStream(new byte[5_000]);
        assertRefused(request(chunked), Refusal.TOO_LARGE);
        assertThat(chunked.available()).isEqualTo(5_000 - 101);
    }

    @Test
    void givesUpOnBodyThatTrickles() {
        assertRefused(request(new TricklingBody()), Refusal.BODY_INCOMPLETE);
    }

    @Test
    void refusesBodyThatBreaksOff() {
        assertRefused(request(new BrokenBody()), Refusal.BODY_INCOMPLETE);
    }

    private final class TricklingBody extends InputStream {
        @Override
        public int read(byte[] bytes, int from, int length) {
            clock.move(Duration.ofSeconds(1));
            bytes[from] = ' ';
            return 1;
        }

        @Override
        public int read() {
            throw new AssertionError("Bytes are read in parts.");
        }
    }

    private static final class UntouchableBody extends InputStream {
        @Override
        public int read() {
            throw new AssertionError("This body must not be read.");
        }

        @Override
        public int read(byte[] bytes, int from, int length) {
            return read();
        }
    }

    private static final class BrokenBody extends InputStream {
        @Override
        public int read() throws IOException {
            throw new IOException("cut");
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            return read();
        }
    }
}
