package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.cosellbridge.mapping.FieldMapping;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Salesforce is a CRM like any other. */
class SalesforceCrmTest implements CrmSystemContract {
    @TempDir
    private Path mapping;

    private SalesforceCrm crm;

    @BeforeEach
    void open() {
        crm = new SalesforceCrm(0, "crm", mapping);
    }

    @AfterEach
    void close() {
        crm.close();
    }

    @Override
    public CrmSystem crm() {
        return crm;
    }

    @Test
    void whatCallsWriteIsRewrittenLaterByAnotherUserAndToldUntilThatEnds() {
        SalesforceSimulator salesforce = crm.simulator();
        String user = salesforce.apiUser("integration@contoso.example");
        SalesforceTestClient client =
                new SalesforceTestClient(salesforce.url(), salesforce.issue("integration@contoso.example"));
        String id = crm.create(
                CrmKind.OPPORTUNITY,
                Map.of(CrmField.NAME, "A deal", CrmField.CLOSE_DATE, "2027-06-30", CrmField.SWITCH, true));
        crm.register(URI.create("http://127.0.0.1:9009/"));
        crm.pushes().hold();
        crm.rewrite(CrmKind.OPPORTUNITY, CrmField.DESCRIPTION, text -> text + ", rewritten");

        client.patch("sobjects/Opportunity/" + id, "{'Description':'ours'}");

        await().untilAsserted(() -> assertThat(
                        crm.find(CrmKind.OPPORTUNITY, id).orElseThrow().text(CrmField.DESCRIPTION))
                .isEqualTo("ours, rewritten"));
        assertThat(salesforce.row("Opportunity", id).orElseThrow().getString("LastModifiedById"))
                .isNotEqualTo(user);
        List<SalesforceSimulator.Write> writes = salesforce.writes();
        SalesforceSimulator.Write rewrite = writes.get(writes.size() - 1);
        SalesforceSimulator.Write call = writes.get(writes.size() - 2);
        assertThat(rewrite.bySeller()).isTrue();
        assertThat(call.bySeller()).isFalse();
        assertThat(rewrite.time()).isAfter(call.time().plusMillis(400));
        assertThat(salesforce.outbound().notifications())
                .as("told of the rewriting alone")
                .hasSize(1);

        crm.rewrite(CrmKind.OPPORTUNITY, CrmField.AUDIT, text -> "x".repeat(200_000));
        client.patch("sobjects/Opportunity/" + id, "{'Audit__c':'a line'}");
        await().untilAsserted(() ->
                assertThat(crm.failedAutomations()).singleElement().asString().contains("Audit__c", "STRING_TOO_LONG"));

        crm.stopRewriting();
        client.patch("sobjects/Opportunity/" + id, "{'Description':'ours again'}");
        await().during(Duration.ofSeconds(1))
                .until(() -> crm.find(CrmKind.OPPORTUNITY, id)
                        .orElseThrow()
                        .text(CrmField.DESCRIPTION)
                        .equals("ours again"));
    }

    @Test
    void itsMappingDocumentsHaveTheFieldsOfTheBuiltInOnes() {
        List<String> kinds = List.of("opportunity", "lead");
        List<MappingDocument> documents = MappingLibrary.load(mapping, "salesforce", kinds);

        assertThat(documents)
                .extracting(document ->
                        document.fields().stream().map(FieldMapping::name).toList())
                .isEqualTo(MappingLibrary.builtIn("salesforce", kinds).stream()
                        .map(document -> document.fields().stream()
                                .map(FieldMapping::name)
                                .toList())
                        .toList());
    }
}
