package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
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
