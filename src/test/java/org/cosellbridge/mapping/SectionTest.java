package org.cosellbridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SectionTest {
    private static final String NAME =
            ",{'name':'name','path':'name','field':'name','type':'text','direction':'both','marks':true}";
    private static final String SWITCH =
            ",{'name':'sync','constant':true,'field':'new_sync','type':'boolean','direction':'to-crm'}";

    @Test
    void aDocumentWithoutOneHasNoFields() {
        Section section = MappingLibrary.parse("doc", json("", "")).section();

        assertThat(section).isEqualTo(new Section(null, null, 255, null, 10_000, false));
    }

    @Test
    void namesItsFields() {
        MappingDocument document = MappingLibrary.parse(
                "doc",
                json(
                        NAME + SWITCH,
                        ",'section':{'sync':'new_sync','status':'new_status','statusLength':80,'audit':'new_audit',"
                                + "'auditLength':2000,'markName':true}"));

        assertThat(document.section()).isEqualTo(new Section("new_sync", "new_status", 80, "new_audit", 2000, true));
        assertThat(document.nameField()).map(FieldMapping::name).contains("name");
    }

    @Test
    void lengthsAreThoseOfTheProductsOwnColumnsWhereNothingIsSaid() {
        assertThat(MappingLibrary.parse("doc", json("", ",'section':{'status':'s','audit':'a'}"))
                        .section())
                .isEqualTo(new Section(null, "s", 255, "a", 10_000, false));
    }

    @Test
    void onlyANameWhoseMarksAreIgnoredMayBeMarked() {
        assertThat(MappingLibrary.parse("doc", json(NAME.replace(",'marks':true", ""), ""))
                        .nameField())
                .isEmpty();
        assertThat(MappingLibrary.parse("doc", json(NAME.replace("'path':'name'", "'path':'details.notes'"), ""))
                        .nameField())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'status':'name'|/section/status|belongs to the field 'name'",
                "'audit':'new_referral'|/section/audit|belongs to the field 'id'",
                "'sync':'name'|/section/sync|no yes/no field",
                "'sync':'a','status':'a'|/section/status|is the section's 'sync' already",
                "'status':'a','audit':'a'|/section/audit|is the section's 'status' already",
                "'sync':'a','statusLength':100|/section/statusLength|there is no 'status'",
                "'sync':'a','auditLength':100|/section/auditLength|there is no 'audit'",
                "'status':'a','statusLength':5|/section/statusLength|minimum",
                "'colour':'red'|/section|colour",
                "'sync':'a','markName':1|/section/markName|boolean"
            })
    void refuses(String members, String place, String reason) {
        assertThat(faults(NAME, ",'section':{" + members + "}")).singleElement().satisfies(fault -> {
            assertThat(fault.place()).isEqualTo(place);
            assertThat(fault.reason()).contains(reason);
        });
    }

    @Test
    void refusesAMarkThatWouldBeTakenForAnotherName() {
        assertThat(faults(NAME.replace(",'marks':true", ""), ",'section':{'markName':true}"))
                .extracting(MappingFault::place)
                .containsExactly("/section/markName");
        assertThat(faults(NAME, ",'section':{'markName':true}")).isEmpty();
    }

    private static List<MappingFault> faults(String fields, String members) {
        try {
            MappingLibrary.parse("doc", json(fields, members));
            return List.of();
        } catch (MappingException refused) {
            return refused.faults();
        }
    }

    private static String json(String fields, String members) {
        return ("{'connector':'dynamics','record':'opportunity','table':{'name':'o','set':'os','key':'oid'},"
                        + "'referralKey':'new_referral','fields':["
                        + "{'name':'id','path':'id','field':'new_referral','type':'text','direction':'to-crm'}" + fields
                        + "]" + members + "}")
                .replace('\'', '"');
    }
}
