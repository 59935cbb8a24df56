package org.cosellbridge.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.cosellbridge.platform.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionSettingsTest {
    private static final String KEY = "cosell.crm.crm.poll-interval";

    private static Duration pollInterval(Configuration configuration) {
        return ConnectionSettings.read(configuration, new ConnectionName("crm")).pollInterval();
    }

    private static List<String> faults(Configuration configuration) {
        return configuration.faults().stream()
                .filter(fault -> fault.startsWith(KEY))
                .toList();
    }

    @Test
    void aFeedIsPolledEveryMinuteUnlessSaidOtherwise() {
        Configuration configuration = Configuration.of(Map.of());

        assertThat(pollInterval(configuration)).isEqualTo(Duration.ofMinutes(1));
        assertThat(faults(configuration)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"PT1S,1", "PT5M,300", "PT1H,3600"})
    void takesAnIntervalFromASecondToAnHour(String text, long seconds) {
        Configuration configuration = Configuration.of(Map.of(KEY, text));

        assertThat(pollInterval(configuration)).isEqualTo(Duration.ofSeconds(seconds));
        assertThat(faults(configuration)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0.999S", "PT1H0.001S", "P1D", "PT0S", "-PT5S", "often"})
    void refusesAnyOther(String text) {
        Configuration configuration = Configuration.of(Map.of(KEY, text));

        assertThat(pollInterval(configuration)).isEqualTo(Duration.ofMinutes(1));
        assertThat(faults(configuration)).hasSize(1);
    }
}
