package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SalesforceIdTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "00D5g000004XyZ1EAK",
                "04k5g0000008OjkAAE",
                "04l5g00001AbCdEAAV",
                "0065g00000XyZabAAF",
                "001D000000IqhSLIAZ"
            })
    void aShortIdIsTheLongOneWithoutItsEnd(String id) {
        assertThat(SalesforceId.parse(id)).contains(new SalesforceId(id));
        assertThat(SalesforceId.parse(id.substring(0, 15))).contains(new SalesforceId(id));
    }

    @Test
    void idsThatDifferInCaseAreTwo() {
        assertThat(SalesforceId.parse("00D5g000004XyZ1"))
                .isNotEqualTo(SalesforceId.parse("00d5g000004XyZ1"))
                .isNotEqualTo(SalesforceId.parse("00D5G000004XyZ1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00D5g000004XyZ",
                "00D5g000004XyZ1E",
                "00D5g000004XyZ1EA",
                "00D5g000004XyZ1EAKX",
                "00D5g000004XyZ1EAL",
                "00D5g000004XyZ1eak",
                "00d5g000004xyz1EAK",
                "00D5G000004XYZ1EAK",
                "00D5g00000-XyZ1",
                "00D5g00000 XyZ1",
                "00D5g00000éXyZ1"
            })
    void whatIsNoIdIsNone(String text) {
        assertThat(SalesforceId.parse(text)).isEmpty();
    }
}
