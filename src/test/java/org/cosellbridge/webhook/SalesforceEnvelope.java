package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.mapping.MappingDocument;
import org.cosellbridge.mapping.MappingLibrary;
import org.cosellbridge.sync.ConnectionMappings;
import org.cosellbridge.sync.SyncForOtherRooms;

/** An outbound message as Salesforce sends it, with every documented element; a test changes what it is about. */
record SalesforceEnvelope(String xml) {
    static final String ORGANIZATION = "00D5g000004XyZ1EAK";
    static final String SESSION = "00D5g000004XyZ1!AQ0AQsession";
    static final String SECRET_NAME = "Grace Hopper";
    static final String MODIFIED = "2026-11-20T07:40:00.000Z";

    /** One notification about {@link #record(int) record 1}. */
    static SalesforceEnvelope of(String object) {
        return of(object, 1);
    }

    /** So many notifications, each about a record of its own. */
    static SalesforceEnvelope of(String object, int notifications) {
        String all = IntStream.rangeClosed(1, notifications)
                .mapToObj(n -> notification(object, notification(n), record(n)))
                .collect(Collectors.joining());
        return new SalesforceEnvelope("""
                <?xml version="1.0" encoding="UTF-8"?>
                <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
                xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
                 <soapenv:Body>
                  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
                   <OrganizationId>%s</OrganizationId>
                   <ActionId>04k5g0000008OjkAAE</ActionId>
                   <SessionId>%s</SessionId>
                   <EnterpriseUrl>https://contoso.my.salesforce.com/services/Soap/c/67.0/00D5g000004XyZ1</EnterpriseUrl>
                   <PartnerUrl>https://contoso.my.salesforce.com/services/Soap/u/67.0/00D5g000004XyZ1</PartnerUrl>
                %s  </notifications>
                 </soapenv:Body>
                </soapenv:Envelope>
                """.formatted(ORGANIZATION, SESSION, all));
    }

    private static String notification(String object, String id, String record) {
        return """
                   <Notification>
                    <Id>%s</Id>
                    <sObject xsi:type="sf:%s" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
                     <sf:Id>%s</sf:Id>
                     <sf:LastModifiedById>0055g00000AbCdEAAV</sf:LastModifiedById>
                     <sf:LastModifiedDate>%s</sf:LastModifiedDate>
                     <sf:Name>%s &amp; Co</sf:Name>
                     <sf:Referral_Identifier__c>8a7b6c5d-1111-2222-3333-444455556666</sf:Referral_Identifier__c>
                    </sObject>
                   </Notification>
                """.formatted(id, object, record, MODIFIED, SECRET_NAME);
    }

    /** The id of the n-th notification. */
    static String notification(int n) {
        return id("04l", n);
    }

    /** The id of the n-th record. */
    static String record(int n) {
        return id("006", n);
    }

    private static String id(String prefix, int n) {
        return SalesforceId.parse(prefix + "5g00000" + String.format(Locale.ROOT, "%05d", n))
                .orElseThrow()
                .value();
    }

    /** The same with another text wherever this one stands. */
    SalesforceEnvelope with(String text, String other) {
        assertThat(xml).contains(text);
        return new SalesforceEnvelope(xml.replace(text, other));
    }

    /** The same with another text where this one stands first. */
    SalesforceEnvelope withFirst(String text, String other) {
        int at = xml.indexOf(text);
        assertThat(at).isNotNegative();
        return new SalesforceEnvelope(xml.substring(0, at) + other + xml.substring(at + text.length()));
    }

    byte[] bytes() {
        return xml.getBytes(StandardCharsets.UTF_8);
    }

    /** The smallest mapping documents that keep opportunities and leads of this connection. */
    static ConnectionMappings mappings(String connection) {
        List<MappingDocument> documents = List.of("opportunity", "lead").stream()
                .map(record -> MappingLibrary.parse(
                        record, """
                        {"connector": "salesforce", "record": "%s", "table": {"name": "%s", "set": "%2$s", "key": "Id"},
                         "referralKey": "Referral_Identifier__c",
                         "fields": [{"name": "referralId", "path": "id", "field": "Referral_Identifier__c", "type": "text",
                                     "direction": "to-crm", "when": {"toCrm": ["create"]}}]}
                        """.formatted(record, record.equals("lead") ? "Lead" : "Opportunity")))
                .toList();
        return SyncForOtherRooms.mappings(new ConnectionName(connection), documents);
    }
}
