package org.cosellbridge.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.ws.rs.WebApplicationException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.cosellbridge.platform.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuditQueryTest {
    @Test
    void asksForTheNewestFiftyWhenNothingIsSaid() {
        AuditQuery query = AuditQuery.parse(Map.of());

        assertThat(query).isEqualTo(new AuditQuery(Map.of(), null, null, null, true, 50, null));
    }

    @Test
    void takesEveryParameter() {
        AuditQuery query = AuditQuery.parse(Map.ofEntries(
                one("referral", "2B7D3D0E-5C7B-4A4E-9F43-0C2F1D6C1A11"),
                one("record", "opportunity/1"),
                one("connection", "crm"),
                one("engagement", "e"),
                one("kind", "record.updated"),
                one("outcome", "updated"),
                one("actor", "system"),
                one("field", "dealValue"),
                one("correlation", "c"),
                one("delivery", "d"),
                one("from", "2026-11-20T08:00:00Z"),
                one("to", "2026-11-20T09:00:00.5Z"),
                one("order", "asc"),
                one("limit", "500")));

        assertThat(query)
                .isEqualTo(new AuditQuery(
                        Map.of(
                                "referral",
                                "2b7d3d0e-5c7b-4a4e-9f43-0c2f1d6c1a11",
                                "record",
                                "opportunity/1",
                                "connection",
                                "crm",
                                "engagement",
                                "e",
                                "kind",
                                "record.updated",
                                "outcome",
                                "updated",
                                "actor",
                                "system",
                                "correlation",
                                "c",
                                "delivery",
                                "d"),
                        "dealValue",
                        Instant.parse("2026-11-20T08:00:00Z"),
                        Instant.parse("2026-11-20T09:00:00.5Z"),
                        false,
                        500,
                        null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "colour|red|It knows: referral, record, connection, engagement, kind",
                "Kind|record.updated|It knows:",
                "kind|record.exploded|record.updated, referral.created",
                "referral|4711|must be the id of a referral",
                "from|yesterday|2026-11-20T08:30:00Z",
                "to|2026-11-20T08:30:00|2026-11-20T08:30:00Z",
                "from|+1000000-01-01T00:00:00Z|2026-11-20T08:30:00Z",
                "order|up|desc (newest first) or asc",
                "limit|0|from 1 to 500",
                "limit|501|from 1 to 500",
                "limit|many|from 1 to 500",
                "cursor|abc|next of an earlier answer",
                "cursor|§§|next of an earlier answer",
                "actor|''|must be given once",
            })
    void refusesWhatIsWrongAndSaysWhatIsRight(String name, String value, String hint) {
        assertThatThrownBy(() -> AuditQuery.parse(Map.of(name, List.of(value))))
                .asInstanceOf(InstanceOfAssertFactories.type(WebApplicationException.class))
                .satisfies(refused -> {
                    assertThat(refused.getResponse().getStatus()).isEqualTo(400);
                    assertThat(((Problem) refused.getResponse().getEntity()).detail())
                            .contains(hint);
                });
    }

    @Test
    void refusesACharacterThatNoDatabaseKeeps() {
        assertThatThrownBy(() -> AuditQuery.parse(Map.of("actor", List.of("a\u0000b"))))
                .isInstanceOf(WebApplicationException.class);
    }

    @Test
    void refusesAParameterThatIsGivenTwice() {
        assertThatThrownBy(() -> AuditQuery.parse(Map.of("actor", List.of("a", "b"))))
                .hasMessageContaining("actor must be given once");
    }

    @Test
    void refusesASpanThatEndsBeforeItBegins() {
        assertThatThrownBy(() -> AuditQuery.parse(
                        Map.ofEntries(one("from", "2026-11-20T08:00:00Z"), one("to", "2026-11-20T08:00:00Z"))))
                .hasMessageContaining("from must be before to");
    }

    @Test
    void aCursorHoldsForItsOrderOnly() {
        AuditQuery.Position position = new AuditQuery.Position(
                Instant.parse("2026-11-20T08:00:00.123456Z"), "019aa0c5-0000-7000-8000-000000000001");

        assertThat(AuditQuery.parse(Map.ofEntries(one("cursor", position.cursor(true))))
                        .after())
                .isEqualTo(position);
        assertThatThrownBy(() -> AuditQuery.parse(Map.ofEntries(one("cursor", position.cursor(false)))))
                .hasMessageContaining("the same order");
    }

    private static Map.Entry<String, List<String>> one(String name, String value) {
        return Map.entry(name, List.of(value));
    }
}
