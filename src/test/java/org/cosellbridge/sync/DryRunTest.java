package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.ws.rs.WebApplicationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever mistypes "write nothing" must not write. */
class DryRunTest {
    @Test
    void takesTrueFalseAndNothing() {
        assertThat(Links.isDryRun("true")).isTrue();
        assertThat(Links.isDryRun("false")).isFalse();
        assertThat(Links.isDryRun(null)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yes", "1", "TRUE", "ture"})
    void refusesAnythingElse(String asked) {
        assertThatThrownBy(() -> Links.isDryRun(asked))
                .isInstanceOfSatisfying(
                        WebApplicationException.class,
                        refused -> assertThat(refused.getResponse().getStatus()).isEqualTo(400));
    }
}
