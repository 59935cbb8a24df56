package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.cosellbridge.connector.Priority;
import org.cosellbridge.connector.RecordRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WriteBackTest {
    private static final String A = "00000000-0000-0000-0000-00000000000a";
    private static final String REFERENCE = "externalReferenceId";
    private final SyncFixture fixture = new SyncFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private String looked() {
        fixture.priority = Priority.EVENT;
        fixture.attempt(A);
        fixture.priority = Priority.WRITE_BACK;
        fixture.attempt(A);
        return fixture.partnerCenter.get(A).getString(REFERENCE, "");
    }

    private String record() {
        return fixture.link(A).findRecord().map(RecordRef::id).orElseThrow();
    }

    private void replaceTheRecord() {
        fixture.crm.delete("opportunity", record());
        looked();
        String link = fixture.link(A).id();
        fixture.transaction(() -> fixture.faces().recreate(link, "user:olga"));
    }

    @Test
    void aRecordInPlaceOfOneThatIsGoneIsNamedInItsStead() {
        fixture.partnerCenter.put(A, "e1");
        String first = looked();
        assertThat(first).isEqualTo(record());

        replaceTheRecord();

        assertThat(looked()).isEqualTo(record()).isNotEqualTo(first);
    }

    @Test
    void whatAPersonEnteredStays() {
        fixture.partnerCenter.put(A, "e1");
        looked();
        replaceTheRecord();
        fixture.partnerCenter.set(A, REFERENCE, StoredJson.JSON.createValue("PO-4711"));

        assertThat(looked()).isEqualTo("PO-4711");
    }

    @Test
    void aRecordThatWeKnowAndThatIsThereStays() {
        fixture.partnerCenter.put(A, "e1");
        looked();
        String other = fixture.crm.arrives(
                "opportunity",
                StoredJson.JSON.createObjectBuilder().add("name", "Other").build());
        fixture.transaction(() -> fixture.seen.note(SyncFixture.CRM, new RecordRef("opportunity", other), "1"));
        fixture.partnerCenter.set(A, REFERENCE, StoredJson.JSON.createValue(other));

        assertThat(looked()).isEqualTo(other);
        assertThat(fixture.crm.table("opportunity")).containsKeys(record(), other);
        assertThat(Map.copyOf(fixture.crm.table("opportunity"))).hasSize(2);
    }
}
