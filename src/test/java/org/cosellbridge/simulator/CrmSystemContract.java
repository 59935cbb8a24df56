package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.net.URI;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the people of every simulated CRM can do in it and find in it, so that one description of a scenario means the same in all. */
interface CrmSystemContract {
    /** Those that an account or a contact holds where a CRM has these. */
    Set<CrmField> OF_CUSTOMER = Set.of(
            CrmField.COMPANY,
            CrmField.STREET,
            CrmField.CITY,
            CrmField.PROVINCE,
            CrmField.POSTAL_CODE,
            CrmField.COUNTRY,
            CrmField.FIRST_NAME,
            CrmField.LAST_NAME,
            CrmField.EMAIL,
            CrmField.PHONE);

    /** A CRM without a record; the same object within one test. */
    CrmSystem crm();

    /** Every field with a value that tells it from the others. */
    private static Map<CrmField, Object> fields() {
        Map<CrmField, Object> fields = new EnumMap<>(CrmField.class);
        for (CrmField field : CrmField.values()) {
            fields.put(field, "the " + field);
        }
        fields.put(CrmField.AMOUNT, new BigDecimal("1234"));
        fields.put(CrmField.CURRENCY, "GBP");
        fields.put(CrmField.CLOSE_DATE, "2027-06-30");
        fields.put(CrmField.SWITCH, true);
        fields.put(CrmField.VISIBLE, false);
        fields.put(CrmField.HELP, "QuotesOrLicensing");
        fields.put(CrmField.REFERRAL_LINK, "https://partner.example/referrals/1");
        fields.put(CrmField.COUNTRY, "GB");
        fields.put(CrmField.POSTAL_CODE, "SW1A 1AA");
        fields.put(CrmField.EMAIL, "kim.buyer@fabrikam.example");
        fields.put(CrmField.PHONE, "+44 20 5550100");
        return fields;
    }

    private String opportunity() {
        return crm().create(CrmKind.OPPORTUNITY, fields());
    }

    /** The fields that a lead has in every CRM. */
    private static Map<CrmField, Object> leadFields() {
        Map<CrmField, Object> fields = fields();
        fields.keySet().removeAll(Set.of(CrmField.NAME, CrmField.AMOUNT, CrmField.CURRENCY, CrmField.CLOSE_DATE));
        return fields;
    }

    private String lead() {
        return crm().create(CrmKind.LEAD, leadFields());
    }

    private CrmState state(CrmKind kind, String id) {
        return crm().find(kind, id).orElseThrow().state();
    }

    @Test
    default void anOpportunityHoldsEveryFieldAndItsCustomerIsAnAccountAndAContact() {
        CrmRecord record = crm().find(CrmKind.OPPORTUNITY, opportunity()).orElseThrow();

        Map<CrmField, Object> own = fields();
        own.keySet().removeAll(OF_CUSTOMER);
        assertThat(record.values())
                .usingRecursiveComparison()
                .withComparatorForType(BigDecimal::compareTo, BigDecimal.class)
                .isEqualTo(own);
        assertThat(record.state()).isEqualTo(CrmState.OPEN);
        assertThat(crm().accounts()).containsExactly("the COMPANY");
        assertThat(crm().contacts()).containsExactly("kim.buyer@fabrikam.example");
        assertThat(crm().records(CrmKind.OPPORTUNITY)).containsExactly(record);
        assertThat(crm().records(CrmKind.LEAD)).isEmpty();
    }

    @Test
    default void aLeadHoldsItsCustomerItself() {
        CrmRecord record = crm().find(CrmKind.LEAD, lead()).orElseThrow();

        assertThat(record.text(CrmField.COMPANY)).isEqualTo("the COMPANY");
        assertThat(record.text(CrmField.EMAIL)).isEqualTo("kim.buyer@fabrikam.example");
        assertThat(record.text(CrmField.REFERRAL_ID)).isEqualTo("the REFERRAL_ID");
        assertThat(record.isOn(CrmField.SWITCH)).isTrue();
        assertThat(record.state()).isEqualTo(CrmState.OPEN);
        assertThat(crm().accounts()).isEmpty();
        assertThat(crm().contacts()).isEmpty();
    }

    @Test
    default void whatIsRequiredIsEnoughAndTheRestCanFollow() {
        Map<CrmField, Object> first = fields();
        Set<CrmField> required = crm().required(CrmKind.OPPORTUNITY);
        first.keySet().removeIf(field -> field != CrmField.NAME && !required.contains(field));
        Map<CrmField, Object> rest = fields();
        rest.keySet().removeAll(first.keySet());
        String id = crm().create(CrmKind.OPPORTUNITY, first);
        assertThat(crm().accounts()).isEmpty();

        crm().edit(CrmKind.OPPORTUNITY, id, rest);

        CrmRecord record = crm().find(CrmKind.OPPORTUNITY, id).orElseThrow();
        assertThat(record.text(CrmField.NAME)).isEqualTo("the NAME");
        assertThat(record.number(CrmField.AMOUNT)).isEqualByComparingTo("1234");
        assertThat(record.text(CrmField.HELP)).isEqualTo("QuotesOrLicensing");
        assertThat(crm().accounts()).containsExactly("the COMPANY");
        assertThat(crm().contacts()).containsExactly("kim.buyer@fabrikam.example");
    }

    @Test
    default void anOpportunityMovesThroughItsStatesAndBack() {
        String id = opportunity();
        for (CrmState state : List.of(CrmState.ON_HOLD, CrmState.OPEN, CrmState.WON, CrmState.OPEN, CrmState.LOST)) {
            crm().move(id, state);
            assertThat(state(CrmKind.OPPORTUNITY, id)).isEqualTo(state);
        }
    }

    @Test
    default void aLeadIsQualifiedOrDisqualified() {
        String good = lead();
        Map<CrmField, Object> other = leadFields();
        other.put(CrmField.REFERRAL_ID, "another");
        String bad = crm().create(CrmKind.LEAD, other);

        String opportunity = crm().qualify(good);
        crm().disqualify(bad);

        assertThat(state(CrmKind.LEAD, good)).isEqualTo(CrmState.QUALIFIED);
        assertThat(state(CrmKind.LEAD, bad)).isEqualTo(CrmState.DISQUALIFIED);
        assertThat(crm().opportunitiesOf(good)).extracting(CrmRecord::id).containsExactly(opportunity);
        assertThat(crm().opportunitiesOf(bad)).isEmpty();
    }

    @Test
    default void aDeletedRecordIsNotFound() {
        String id = opportunity();

        crm().delete(CrmKind.OPPORTUNITY, id);

        assertThat(crm().find(CrmKind.OPPORTUNITY, id)).isEmpty();
        assertThat(crm().records(CrmKind.OPPORTUNITY)).isEmpty();
    }

    @Test
    default void whatAPersonWritesIsNoCallAndHasTheNamesOfTheCrm() {
        String id = opportunity();
        crm().edit(CrmKind.OPPORTUNITY, id, Map.of(CrmField.AMOUNT, 5));

        List<CrmWrite> writes = crm().writes();
        CrmWrite last = writes.get(writes.size() - 1);
        assertThat(last.id()).isEqualTo(id);
        assertThat(last.collection()).isEqualTo(crm().collection(CrmKind.OPPORTUNITY));
        assertThat(last.fields()).containsExactly(crm().name(CrmKind.OPPORTUNITY, CrmField.AMOUNT));
        assertThat(crm().nameOf(last)).isEqualTo("the NAME");
        assertThat(writes).noneMatch(CrmWrite::byCall);
        assertThat(crm().updates(CrmKind.OPPORTUNITY)).isZero();
        assertThat(crm().creates(CrmKind.OPPORTUNITY)).isZero();
        assertThat(crm().server().log().brokenRules()).isEmpty();
    }

    @Test
    default void everyFieldHasALabelOfItsOwn() {
        assertThat(CrmField.values())
                .extracting(field -> crm().label(CrmKind.OPPORTUNITY, field))
                .doesNotContain("")
                .doesNotHaveDuplicates();
    }

    @Test
    default void itPushesToTheOneProductThatIsRegistered() {
        assertThat(crm().isRegistered()).isFalse();

        crm().register(URI.create("http://127.0.0.1:9009/"));
        crm().register(URI.create("http://127.0.0.1:9009/"));
        assertThat(crm().isRegistered()).isTrue();

        crm().unregister();
        assertThat(crm().isRegistered()).isFalse();
        assertThat(crm().pushes().isIdle()).isTrue();
    }
}
