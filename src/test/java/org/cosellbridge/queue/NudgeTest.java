package org.cosellbridge.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NudgeTest {
    @Test
    void travelsAsJson() {
        Nudge nudge = new Nudge(QueueFixtures.CRM);
        assertThat(nudge.toJson()).isEqualTo("{\"v\":1,\"connection\":\"crm\"}");
        assertThat(Nudge.parse(nudge.toJson())).contains(nudge);
    }

    @Test
    void ignoresWhatItDoesNotUnderstand() {
        assertThat(Nudge.parse("{\"v\":2,\"connection\":\"crm\"}")).isEmpty();
        assertThat(Nudge.parse("{\"v\":1,\"connection\":\"no such/name\"}")).isEmpty();
        assertThat(Nudge.parse("{\"v\":1}")).isEmpty();
        assertThat(Nudge.parse("[]")).isEmpty();
        assertThat(Nudge.parse("hello")).isEmpty();
    }
}
