package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.mapping.MappingLibrary;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FormerRecordTest {
    private static final String A = "00000000-0000-0000-0000-00000000000a";
    private final SyncFixture fixture = new SyncFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aLeadThatItsSellerHasQualifiedIsAsItShouldBe() {
        fixture.documents = MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        fixture.partnerCenter.put(
                A,
                "e1",
                "type",
                "\"Independent\"",
                "qualification",
                "\"Direct\"",
                "status",
                "\"New\"",
                "substatus",
                "\"Pending\"");
        fixture.attempt(A);
        String lead = fixture.link(A).findRecord().orElseThrow().id();
        fixture.crm.edit("lead", lead, "statuscode", "\"3\"");
        fixture.partnerCenter.put(A, "e1", "status", "\"Active\"", "substatus", "\"Accepted\"");
        fixture.trail.clear();

        fixture.attempt(A);

        assertThat(fixture.link(A).findRecord().orElseThrow().kind()).isEqualTo("opportunity");
        assertThat(fixture.link(A).findPrevious()).isEmpty();
        assertThat(fixture.crm.only("lead").getString("statuscode")).isEqualTo("3");
        assertThat(fixture.kinds()).contains(AuditKind.LINK_MOVED).doesNotContain(AuditKind.LINK_UNCHANGED);
    }
}
