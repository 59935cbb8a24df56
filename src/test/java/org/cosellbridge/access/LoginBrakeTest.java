package org.cosellbridge.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.cosellbridge.audit.MovingClock;
import org.junit.jupiter.api.Test;

class LoginBrakeTest {
    private final MovingClock clock = new MovingClock("2026-11-20T08:30:00Z");
    private final LoginBrake brake = new LoginBrake(clock);

    @Test
    void letsAFewWrongLoginsGoAndThenDoublesTheWait() {
        fail(LoginBrake.FREE_PER_PAIR - 1, "192.0.2.1", "alice");
        assertThat(brake.findWait("192.0.2.1", "alice")).isEmpty();

        fail(1, "192.0.2.1", "alice");
        assertThat(brake.findWait("192.0.2.1", "alice")).contains(Duration.ofSeconds(1));
        fail(1, "192.0.2.1", "alice");
        assertThat(brake.findWait("192.0.2.1", "alice")).contains(Duration.ofSeconds(2));
        fail(20, "192.0.2.1", "alice");
        assertThat(brake.findWait("192.0.2.1", "alice")).contains(LoginBrake.LONGEST_WAIT);

        clock.move(Duration.ofSeconds(60));
        assertThat(brake.findWait("192.0.2.1", "alice")).isEmpty();
    }

    @Test
    void slowsNeitherOtherNamesNorOtherSources() {
        fail(20, "192.0.2.1", "alice");

        assertThat(brake.findWait("192.0.2.1", "bob")).isEmpty();
        assertThat(brake.findWait("192.0.2.2", "alice")).isEmpty();
    }

    @Test
    void slowsASourceThatTriesManyNames() {
        IntStream.range(0, LoginBrake.FREE_PER_SOURCE).forEach(i -> brake.failed("192.0.2.1", "name" + i));

        assertThat(brake.findWait("192.0.2.1", "another")).isPresent();
        assertThat(brake.findWait("192.0.2.2", "another")).isEmpty();
    }

    @Test
    void forgetsAfterARightLoginAndAfterAQuietTime() {
        fail(8, "192.0.2.1", "alice");
        brake.succeeded("192.0.2.1", "alice");
        assertThat(brake.findWait("192.0.2.1", "alice")).isEmpty();

        fail(8, "192.0.2.1", "alice");
        clock.move(LoginBrake.FORGOTTEN.plusSeconds(1));
        fail(1, "192.0.2.1", "alice");
        assertThat(brake.findWait("192.0.2.1", "alice")).isEmpty();
    }

    @Test
    void takesBoundedMemory() {
        IntStream.range(0, 30_000).forEach(i -> brake.failed("source" + i, "x".repeat(10_000)));

        assertThat(brake.remembered()).isLessThanOrEqualTo(LoginBrake.MOST_REMEMBERED);
    }

    private void fail(int times, String source, String name) {
        IntStream.range(0, times).forEach(i -> brake.failed(source, name));
    }
}
