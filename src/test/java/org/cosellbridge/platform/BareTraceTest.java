package org.cosellbridge.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;
import org.junit.jupiter.api.Test;

class BareTraceTest {
    private final Throwable failure = new IllegalStateException(
            "a@example.com", new SQLException("Key (email)=(a@example.com) already exists.", "23505"));

    @Test
    void tellsClassesAndLinesAndTheSqlStateButNoMessage() {
        assertThat(text(BareTrace.of(failure)))
                .contains("IllegalStateException", "SQLException, SQL state 23505", "BareTraceTest.java:")
                .doesNotContain("a@example.com");
    }

    @Test
    void theLogOfAFailedCallHoldsNoMessage() {
        Logger log = Logger.getLogger(ProblemMapper.class.getName());
        List<LogRecord> told = new ArrayList<>();
        Handler handler = new StreamHandler() {
            @Override
            public synchronized void publish(LogRecord one) {
                told.add(one);
            }
        };
        log.addHandler(handler);
        try {
            new ProblemMapper().toResponse(failure);
        } finally {
            log.removeHandler(handler);
        }
        assertThat(told)
                .singleElement()
                .satisfies(one -> assertThat(text(one.getThrown()))
                        .contains("IllegalStateException")
                        .doesNotContain("a@example.com"));
    }

    private static String text(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
