package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.List;
import org.cosellbridge.mapping.MappingLibrary;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a new record points to, as the mapping documents say it. */
class RelatedRecordsTest {
    private static final String A = "aaaaaaaa-0000-0000-0000-000000000001";
    private final SyncFixture fixture = new SyncFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aRecordThatIsOnlyReadIsNeitherLookedForNorCreated() {
        fixture.documents = MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        fixture.partnerCenter.put(A, "e1");

        assertThat(fixture.attempt(A).word()).isEqualTo("created");

        assertThat(fixture.crm.writes).containsExactly("create account", "create contact", "create opportunity");
        assertThat(fixture.crm.tables).doesNotContainKey("owner");
        assertThat(fixture.crm.only("opportunity"))
                .containsKeys("parentaccountid", "customerid", "parentcontactid")
                .doesNotContainKeys("ownerid", "originatingleadid");
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
    }

    @Test
    void anOpportunityIsToldTheLeadItIsMadeOf() {
        fixture.documents = MappingLibrary.builtIn("dynamics", List.of("opportunity", "lead"));
        acceptedLead();

        assertThat(fixture.crm.only("opportunity"))
                .containsEntry(
                        "originatingleadid",
                        Json.createValue(
                                fixture.crm.table("lead").keySet().iterator().next()));
        fixture.attempt(A);
        fixture.crm.writes.clear();
        assertThat(fixture.attempt(A).word()).isEqualTo("unchanged");
        assertThat(fixture.crm.writes).isEmpty();
    }

    @Test
    void aReferenceThatIsOffIsNotWritten() {
        fixture.documents = List.of(
                SyncFixture.document(SyncFixture.OPPORTUNITY.replace(
                        "\"field\":\"contactid\",\"type\":\"reference\",\"direction\":\"to-crm\"",
                        "\"field\":\"contactid\",\"type\":\"reference\",\"direction\":\"off\"")),
                SyncFixture.document(SyncFixture.LEAD));
        fixture.partnerCenter.put(A, "e1");

        assertThat(fixture.attempt(A).word()).isEqualTo("created");

        JsonObject opportunity = fixture.crm.only("opportunity");
        assertThat(opportunity).containsKey("customerid").doesNotContainKey("contactid");
    }

    private void acceptedLead() {
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
        assertThat(fixture.attempt(A).word()).isEqualTo("created");
        assertThat(fixture.crm.table("lead")).hasSize(1);
        fixture.partnerCenter.put(A, "e1", "status", "\"Active\"", "substatus", "\"Accepted\"");
        fixture.attempt(A);
    }
}
