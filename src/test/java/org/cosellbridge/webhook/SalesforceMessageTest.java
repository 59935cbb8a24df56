package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an outbound message says, and every way in which a body is none. */
class SalesforceMessageTest {
    private static final SalesforceEnvelope RIGHT = SalesforceEnvelope.of("Opportunity");
    private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

    private static SalesforceMessage parse(SalesforceEnvelope envelope) {
        return parse(envelope.bytes());
    }

    private static SalesforceMessage parse(byte[] body) {
        try {
            return SalesforceMessage.parse(body);
        } catch (RefusedException refused) {
            throw new AssertionError("Refused: " + new String(body, StandardCharsets.UTF_8), refused);
        }
    }

    private static void assertRefused(String body) {
        assertRefused(body.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertRefused(byte[] body) {
        assertThatThrownBy(() -> SalesforceMessage.parse(body))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(Refusal.EVENT_MALFORMED));
    }

    // --- what is read

    @Test
    void readsWhoSaysWhatAboutWhichRecord() {
        SalesforceMessage message = parse(RIGHT);

        assertThat(message.organization()).isEqualTo(new SalesforceId(SalesforceEnvelope.ORGANIZATION));
        assertThat(message.object()).isEqualTo("Opportunity");
        assertThat(message.notifications()).singleElement().satisfies(notification -> {
            assertThat(notification.id().value()).isEqualTo("04l5g0000000001AAA");
            assertThat(notification.record().value()).isEqualTo("0065g0000000001AAA");
            assertThat(notification.modifiedText()).isEqualTo("2026-11-20T07:40:00.000Z");
            assertThat(notification.modified()).isEqualTo(Instant.parse("2026-11-20T07:40:00Z"));
        });
        assertThat(message.toString())
                .doesNotContain(SalesforceEnvelope.SESSION)
                .doesNotContain(SalesforceEnvelope.SECRET_NAME);
    }

    @Test
    void readsAHundredNotifications() {
        assertThat(parse(SalesforceEnvelope.of("Lead", 100)).notifications())
                .hasSize(100)
                .extracting(
                        notification -> notification.id().value(),
                        notification -> notification.record().value())
                .contains(tuple(SalesforceEnvelope.notification(100), SalesforceEnvelope.record(100)));
    }

    static Stream<SalesforceEnvelope> sameMessages() {
        return Stream.of(
                RIGHT.with(
                        "<SessionId>" + SalesforceEnvelope.SESSION + "</SessionId>", "<SessionId xsi:nil=\"true\"/>"),
                RIGHT.with("<SessionId>" + SalesforceEnvelope.SESSION + "</SessionId>", ""),
                RIGHT.with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""),
                RIGHT.with("<?xml", "\uFEFF<?xml"),
                RIGHT.with("\n", "").with("  ", ""),
                RIGHT.with("\n", "\r\n"),
                RIGHT.with("soapenv", "SOAP-ENV"),
                RIGHT.with("soapenv:", "").with("xmlns:soapenv", "xmlns"),
                RIGHT.with("sf:", "ns-1.x:").with("xmlns:sf=", "xmlns:ns-1.x="),
                RIGHT.with("xsi", "i"),
                RIGHT.with("<sObject", "<o:sObject xmlns:o=\"http://soap.sforce.com/2005/09/outbound\"")
                        .with("</sObject>", "</o:sObject>")
                        .with("sf:", "")
                        .with("xmlns:sf", "xmlns"),
                RIGHT.with("<notifications xmlns", "<o:notifications xmlns:o")
                        .with("</notifications>", "</o:notifications>")
                        .with("<Notification>", "<o:Notification>")
                        .with("</Notification>", "</o:Notification>")
                        .with("<OrganizationId>", "<o:OrganizationId>")
                        .with("</OrganizationId>", "</o:OrganizationId>")
                        .with("<Id>", "<o:Id>")
                        .with("</Id>", "</o:Id>")
                        .with("<sObject", "<o:sObject")
                        .with("</sObject>", "</o:sObject>"),
                RIGHT.with("<soapenv:Body>", "<soapenv:Header><x><y>z</y></x></soapenv:Header><soapenv:Body>"),
                RIGHT.with("<ActionId>", "<New><Id>1</Id><Notification/></New><ActionId>"),
                RIGHT.with("<sf:Name>", "<sf:Address><sf:Id>1</sf:Id></sf:Address><sf:Name>"),
                RIGHT.with("<sf:Name>", "<Id>not of this namespace</Id><sf:Name>"),
                RIGHT.with("<Id>", "<Id> \n").with("00D5g000004XyZ1EAK</O", "00D5g000004XyZ1\t</O"),
                RIGHT.with("00D5g000004XyZ1EAK<", "<![CDATA[00D5g000004XyZ1EAK]]><"),
                RIGHT.with("00D5g000004XyZ1EAK<", "00D5g&#48;&#x30;0004XyZ1EAK<"),
                RIGHT.with("<soapenv:Body>", "<!-- a remark --><soapenv:Body>"));
    }

    @ParameterizedTest
    @MethodSource("sameMessages")
    void theSameMessageWrittenInAnotherWayIsTheSame(SalesforceEnvelope envelope) {
        assertThat(parse(envelope)).isEqualTo(parse(RIGHT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "2026-11-20T07:40:00.000", "1900-01-01T00:00:00Z", "é"})
    void aTimeThatCannotBeReadIsNone(String text) {
        SalesforceMessage message = parse(RIGHT.with(SalesforceEnvelope.MODIFIED, text));

        assertThat(message.notifications().get(0).modified()).isNull();
    }

    @Test
    void aTimeMayBeMissing() {
        String element = "<sf:LastModifiedDate>" + SalesforceEnvelope.MODIFIED + "</sf:LastModifiedDate>";

        assertThat(parse(RIGHT.with(element, "")).notifications().get(0).modifiedText())
                .isEmpty();
        assertThat(parse(RIGHT.with(SalesforceEnvelope.MODIFIED, "9".repeat(65)))
                        .notifications()
                        .get(0)
                        .modifiedText())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "contoso", "00D5g000004XyZ1EAL", "00d5g000004xyz1EAK"})
    void anOrganizationThatIsNoIdIsNone(String id) {
        assertThat(parse(RIGHT.with(SalesforceEnvelope.ORGANIZATION, id)).organization())
                .isNull();
    }

    // --- what is refused

    static Stream<SalesforceEnvelope> wrongMessages() {
        SalesforceEnvelope two = SalesforceEnvelope.of("Opportunity", 2);
        String organization = "<OrganizationId>" + SalesforceEnvelope.ORGANIZATION + "</OrganizationId>";
        String record = "<sf:Id>" + SalesforceEnvelope.record(1) + "</sf:Id>";
        return Stream.of(
                SalesforceEnvelope.of("Opportunity", 0),
                SalesforceEnvelope.of("Opportunity", 101),
                two.withFirst("sf:Opportunity", "sf:Lead"),
                two.withFirst("sf:Opportunity", "sf:opportunity"),
                // who
                RIGHT.with(organization, ""),
                RIGHT.with(organization, organization + organization),
                RIGHT.with(organization, "<OrganizationId><x>00D5g000004XyZ1EAK</x></OrganizationId>"),
                RIGHT.with(
                        organization,
                        organization.replace("<O", "<O xmlns=\"urn:other\" ").replace("O x", "x")),
                // what
                RIGHT.with("<Id>" + SalesforceEnvelope.notification(1) + "</Id>", ""),
                RIGHT.with("<Id>", "<Id>04l5g00000000019AA</Id><Id>"),
                RIGHT.with(record, ""),
                RIGHT.with(record, record + record),
                RIGHT.with(record, "<sf:Id xsi:nil=\"true\"/>"),
                RIGHT.with(
                        SalesforceEnvelope.record(1),
                        SalesforceEnvelope.record(1).toLowerCase(java.util.Locale.ROOT)),
                RIGHT.with("xsi:type=\"sf:Opportunity\" ", ""),
                RIGHT.with("xsi:type", "type"),
                RIGHT.with("xsi:type=\"sf:Opportunity\"", "xsi:type=\"Opportunity\""),
                RIGHT.with("xsi:type=\"sf:Opportunity\"", "xsi:type=\"other:Opportunity\""),
                RIGHT.with("xsi:type=\"sf:Opportunity\"", "xsi:type=\"xsd:Opportunity\""),
                RIGHT.with("xsi:type=\"sf:Opportunity\"", "xsi:type=\"sf:a:Opportunity\""),
                RIGHT.with("xsi:type=\"sf:Opportunity\"", "xsi:type=\"sf:Opportunity'; --\""),
                RIGHT.with("xsi:type=\"sf:Opportunity\"", "xsi:type=\"sf:" + "O".repeat(81) + "\""),
                // envelopes
                RIGHT.with("urn:sobject.enterprise.soap.sforce.com", "urn:other"),
                RIGHT.with("http://soap.sforce.com/2005/09/outbound", "http://soap.sforce.com/2005/09/inbound"),
                RIGHT.with(SOAP, "http://www.w3.org/2003/05/soap-envelope"),
                RIGHT.with("notifications", "notificationsResponse"),
                RIGHT.with("soapenv:Body", "soapenv:Head"),
                RIGHT.with("<soapenv:Body>", "<soapenv:Body/><soapenv:Body>"),
                RIGHT.with("<soapenv:Body>", "<soapenv:Body><x/>"),
                RIGHT.with("</soapenv:Body>", "<x/></soapenv:Body>"),
                RIGHT.with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "x"),
                RIGHT.with("</soapenv:Envelope>", "</soapenv:Envelope><x/>"),
                RIGHT.with("</soapenv:Envelope>", "</soapenv:Envelope>x"),
                RIGHT.with("</soapenv:Envelope>", ""),
                RIGHT.with(" xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\"", ""),
                RIGHT.with("<soapenv:Body>", "<?php echo 1?><soapenv:Body>"),
                RIGHT.with("&amp;", "&"),
                RIGHT.with("&amp;", "&nbsp;"),
                RIGHT.with("&amp;", "&#0;"));
    }

    @ParameterizedTest
    @MethodSource("wrongMessages")
    void refusesWhatIsNotExactlyAMessage(SalesforceEnvelope envelope) {
        assertRefused(envelope.bytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "garbage", "{}", "<", "<a/>", "<?xml version=\"1.0\"?>", "\uFEFF", "\u0000"})
    void refusesWhatIsNoDocument(String body) {
        assertRefused(body);
    }

    @Test
    void refusesAnotherEncoding() {
        SalesforceEnvelope utf16 = RIGHT.with("UTF-8", "UTF-16");
        assertRefused(utf16.xml().getBytes(StandardCharsets.UTF_16));
        assertRefused(RIGHT.with(SalesforceEnvelope.SECRET_NAME, "é").xml().getBytes(StandardCharsets.ISO_8859_1));
    }

    // --- what is meant to hurt

    @Test
    void aBillionLaughsAreNotLaughed() {
        StringBuilder type = new StringBuilder("<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">");
        for (int i = 1; i < 10; i++) {
            type.append("<!ENTITY lol" + i + " \"" + ("&lol" + (i - 1) + ";").repeat(10) + "\">");
        }
        type.append("]>");
        SalesforceEnvelope bomb = RIGHT.with("<soapenv:Envelope ", type + "<soapenv:Envelope ");

        assertQuicklyRefused(bomb);
        assertQuicklyRefused(bomb.with("&amp;", "&lol9;"));
        assertQuicklyRefused(bomb.with("xsi:type=\"sf:Opportunity\"", "xsi:type=\"&lol9;\""));
        assertQuicklyRefused(RIGHT.with("&amp;", "&lol9;"));
    }

    @Test
    void aQuadraticBlowUpIsRefused() {
        String type = "<!DOCTYPE x [<!ENTITY a \"" + "a".repeat(100_000) + "\">]>";

        assertQuicklyRefused(
                RIGHT.with("<soapenv:Envelope ", type + "<soapenv:Envelope ").with("&amp;", "&a;".repeat(100_000)));
    }

    private static void assertQuicklyRefused(SalesforceEnvelope envelope) {
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(5), () -> assertRefused(envelope.bytes()));
    }

    @Test
    void nothingOutsideTheBodyIsRead(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("secret.txt"), SalesforceEnvelope.ORGANIZATION);
        AtomicInteger calls = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            calls.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/x.dtd";
            for (String target : new String[] {file.toUri().toString(), url}) {
                for (String type : new String[] {
                    "<!DOCTYPE soapenv:Envelope SYSTEM \"" + target + "\">",
                    "<!DOCTYPE soapenv:Envelope PUBLIC \"x\" \"" + target + "\">",
                    "<!DOCTYPE x [<!ENTITY e SYSTEM \"" + target + "\">]>",
                    "<!DOCTYPE x [<!ENTITY % e SYSTEM \"" + target + "\"> %e;]>"
                }) {
                    SalesforceEnvelope typed = RIGHT.with("<soapenv:Envelope ", type + "<soapenv:Envelope ");
                    assertRefused(typed.bytes());
                    assertRefused(typed.with("00D5g000004XyZ1EAK</O", "&e;</O").bytes());
                }
                assertThat(parse(RIGHT.with(
                                "xmlns:xsd", "xsi:schemaLocation=\"" + SOAP + " " + target + "\" xmlns:xsd")))
                        .isEqualTo(parse(RIGHT));
            }
            assertThat(calls).hasValue(0);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void anEmptyDocumentTypeIsRefusedToo() {
        assertRefused(RIGHT.with("<soapenv:Envelope ", "<!DOCTYPE x><soapenv:Envelope ")
                .bytes());
    }

    @Test
    void deepNestingIsRefusedWhereverItIs() {
        for (String place : new String[] {"<soapenv:Body>", "<ActionId>", "<sf:Name>"}) {
            for (int depth : new int[] {40, 10_000}) {
                assertQuicklyRefused(RIGHT.with(place, "<x>".repeat(depth) + "</x>".repeat(depth) + place));
            }
        }
        assertThat(parse(RIGHT.with("<sf:Name>", "<x>".repeat(20) + "</x>".repeat(20) + "<sf:Name>")))
                .isEqualTo(parse(RIGHT));
    }

    @Test
    void manyAttributesAndNamespacesTakeNoTime() {
        StringBuilder attributes = new StringBuilder();
        StringBuilder namespaces = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            attributes.append(" a").append(i).append("=\"\"");
            namespaces.append(" xmlns:n").append(i).append("=\"u\"");
        }
        for (StringBuilder many : new StringBuilder[] {attributes, namespaces}) {
            SalesforceEnvelope wide = RIGHT.with("<ActionId>", "<ActionId" + many + ">");
            Assertions.assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
                try {
                    SalesforceMessage.parse(wide.bytes());
                } catch (RefusedException tooMany) {
                    assertThat(tooMany.refusal()).isEqualTo(Refusal.EVENT_MALFORMED);
                }
            });
        }
    }
}
