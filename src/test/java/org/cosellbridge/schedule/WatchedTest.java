package org.cosellbridge.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class WatchedTest {
    @Test
    void survivesWhateverTheWorkThrows() {
        Logger logger = Logger.getLogger(Watched.class.getName());
        Level before = logger.getLevel();
        logger.setLevel(Level.OFF);
        try {
            Watched watched = new Watched("Counting");
            int[] runs = {0};
            for (int i = 0; i < 3; i++) {
                assertThatCode(() -> watched.run(() -> {
                            runs[0]++;
                            throw new IllegalStateException("down");
                        }))
                        .doesNotThrowAnyException();
            }
            watched.run(() -> runs[0]++);
            assertThat(runs[0]).isEqualTo(4);
        } finally {
            logger.setLevel(before);
        }
    }
}
