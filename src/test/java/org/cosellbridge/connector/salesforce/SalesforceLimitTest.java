package org.cosellbridge.connector.salesforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.http.HttpAnswer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SalesforceLimitTest {
    private final Logger logger = Logger.getLogger(SalesforceLimit.class.getName());
    private final List<LogRecord> logged = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            logged.add(entry);
        }

        @Override
        public void flush() {
            // nothing is kept back
        }

        @Override
        public void close() {
            // nothing is open
        }
    };
    private final MovingClock clock = new MovingClock("2026-11-20T07:40:00Z");
    private final SalesforceLimit limit = new SalesforceLimit("crm", clock);

    @BeforeEach
    void listen() {
        logger.setLevel(Level.INFO);
        logger.addHandler(handler);
    }

    @AfterEach
    void listenNoMore() {
        logger.removeHandler(handler);
        logger.setLevel(null);
    }

    private void told(String header) {
        limit.note(new HttpAnswer(200, Map.of("Sforce-Limit-Info", List.of(header)), new byte[0]));
    }

    private List<Level> levels() {
        return logged.stream().map(LogRecord::getLevel).toList();
    }

    @Test
    void warnsOnceAtEachStep() {
        told("api-usage=6999/10000");
        assertThat(logged).isEmpty();

        told("api-usage=7000/10000");
        told("api-usage=7001/10000");
        assertThat(levels()).containsExactly(Level.WARNING);
        assertThat(logged.get(0).getMessage()).contains("7000", "10000", "90 %");

        told("api-usage=9000/10000; per-app-api-usage=17/250(appName=sample-app)");
        told("api-usage=9001/10000");
        assertThat(levels()).containsExactly(Level.WARNING, Level.WARNING);

        told("api-usage=12/10000");
        assertThat(levels()).containsExactly(Level.WARNING, Level.WARNING, Level.INFO);
    }

    @Test
    void knowsNothingOfWhatItCannotRead() {
        told("");
        told("per-app-api-usage=99/100");
        told("api-usage=5/0");

        limit.admit(Priority.SWEEP);
        assertThat(logged).isEmpty();
    }

    @Test
    void letsOneCallThroughToSeeWhetherThereIsRoomAgain() {
        told("api-usage=95/100");
        assertThatThrownBy(() -> limit.admit(Priority.SWEEP)).isInstanceOf(RetryableException.class);

        clock.move(Duration.ofMinutes(15));
        limit.admit(Priority.SWEEP);

        assertThatThrownBy(() -> limit.admit(Priority.SWEEP)).isInstanceOf(RetryableException.class);
        limit.admit(Priority.EVENT);
        limit.admit(Priority.PERSON);
    }
}
