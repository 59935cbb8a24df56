package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.ws.rs.WebApplicationException;
import java.time.Instant;
import org.cosellbridge.platform.Problem;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryFilterTest {
    @Test
    void readsTimesAndIds() {
        DeliveryFilter filter = DeliveryFilter.of(
                "dynamics",
                "2B7D3D0E-5C7B-4A4E-9F43-0C2F1D6C1A11",
                "crm",
                "opportunity/x",
                "c",
                "2b7d3d0e-5c7b-4a4e-9f43-0c2f1d6c1a11",
                "2026-11-20T09:30:00+01:00",
                "2026-11-20T09:30:00Z",
                "ignored");
        assertThat(filter.sender()).isEqualTo("dynamics");
        assertThat(filter.connection()).isEqualTo("crm");
        assertThat(filter.record()).isEqualTo("opportunity/x");
        assertThat(filter.referral()).isEqualTo("2b7d3d0e-5c7b-4a4e-9f43-0c2f1d6c1a11");
        assertThat(filter.from()).isEqualTo(Instant.parse("2026-11-20T08:30:00Z"));
        assertThat(filter.to()).isEqualTo(Instant.parse("2026-11-20T09:30:00Z"));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "salesman,-,-,-,-,-,-,-,-",
                "-,x,-,-,-,-,-,-,-",
                "-,-,a\u0000b,-,-,-,-,-,-",
                "-,-,-,a\u0000b,-,-,-,-,-",
                "-,-,-,-,a\u0000b,-,-,-,-",
                "-,-,-,-,-,x,-,-,-",
                "-,-,-,-,-,-,yesterday,-,-",
                "-,-,-,-,-,-,+999999999-12-31T23:59:59Z,-,-",
                "-,-,-,-,-,-,-,-99999-01-01T00:00:00Z,-",
                "-,-,-,-,-,-,-,-,stored"
            })
    void refusesWhatIsWrongWithoutRepeatingIt(
            @Nullable String sender,
            @Nullable String referral,
            @Nullable String connection,
            @Nullable String record,
            @Nullable String correlation,
            @Nullable String delivery,
            @Nullable String from,
            @Nullable String to,
            @Nullable String state) {
        assertThatThrownBy(() ->
                        DeliveryFilter.of(sender, referral, connection, record, correlation, delivery, from, to, state))
                .isInstanceOfSatisfying(WebApplicationException.class, refused -> {
                    assertThat(refused.getResponse().getStatus()).isEqualTo(400);
                    assertThat(((Problem) refused.getResponse().getEntity()).detail())
                            .doesNotContain("999999")
                            .doesNotContain("yesterday");
                });
    }
}
