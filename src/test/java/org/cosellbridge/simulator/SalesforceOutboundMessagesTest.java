package org.cosellbridge.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.cosellbridge.simulator.SalesforceOutboundMessages.Attempt;
import org.cosellbridge.simulator.SalesforceOutboundMessages.Notification;
import org.cosellbridge.simulator.SalesforceTestClient.SetClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SalesforceOutboundMessagesTest {
    private static final String USER = "integration@contoso.example";
    private static final String ACK = "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">"
            + "<soapenv:Body>\n<notificationsResponse xmlns=\"http://soap.sforce.com/2005/09/outbound\"><Ack>true</Ack>"
            + "</notificationsResponse>\n</soapenv:Body></soapenv:Envelope>";
    private static final Pattern RECORD = Pattern.compile("<sf:Id>(\\w+)</sf:Id>");

    private final SetClock clock = new SetClock();
    private final SalesforceSimulator salesforce = new SalesforceSimulator(0, clock).start();
    private final String userId = salesforce.apiUser(USER);
    private final SalesforceTestClient client = new SalesforceTestClient(salesforce.url(), salesforce.issue(USER));
    private final SalesforceOutboundMessages outbound = salesforce.outbound();
    private final List<String> received = new CopyOnWriteArrayList<>();
    private final HttpServer receiver = receiver();
    private volatile int status = 200;
    private volatile String type = "text/xml; charset=utf-8";
    private volatile String answer = ACK;

    private HttpServer receiver() {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                received.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                exchange.getResponseHeaders().set("Content-Type", type);
                byte[] body = answer.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(body);
                }
            });
            server.start();
            return server;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @BeforeEach
    void setUpTheFlow() {
        outbound.send(
                "Opportunity",
                URI.create("http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook"),
                List.of("LastModifiedById", "LastModifiedDate", "Referral_Identifier__c", "NextStep"));
    }

    @AfterEach
    void closeAll() {
        salesforce.close();
        receiver.stop(0);
    }

    private String deal(Map<String, ?> more) {
        Map<String, Object> fields = new HashMap<>(Map.of(
                "Name",
                "A",
                "StageName",
                "Prospecting",
                "CloseDate",
                "2026-12-31",
                "Sync_With_Partner_Center__c",
                true));
        fields.putAll(more);
        return salesforce.create("Opportunity", fields);
    }

    private void untilIdle() {
        await().atMost(Duration.ofSeconds(5)).until(outbound::isIdle);
    }

    private void untilAttempts(int count) {
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(outbound.attempts()).hasSize(count));
    }

    private static List<String> records(String message) {
        return RECORD.matcher(message)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    @Test
    void tellsARecordThatIsSyncedOrLinked() {
        String id = deal(Map.of("Referral_Identifier__c", "R-1", "NextStep", "a < b"));
        untilIdle();
        assertThat(received)
                .singleElement()
                .satisfies(message -> assertThat(message)
                        .contains("<OrganizationId>" + salesforce.organizationId() + "</OrganizationId>")
                        .contains("<SessionId xsi:nil=\"true\"/>")
                        .contains("xsi:type=\"sf:Opportunity\"")
                        .contains("<sf:Id>" + id + "</sf:Id>")
                        .contains("<sf:LastModifiedById>" + salesforce.sellerId() + "</sf:LastModifiedById>")
                        .contains("<sf:LastModifiedDate>2026-11-20T07:40:00.000Z</sf:LastModifiedDate>")
                        .contains("<sf:NextStep>a &lt; b</sf:NextStep>")
                        .containsPattern("<Id>04l\\w{15}</Id>"));
        assertThat(outbound.attempts()).singleElement().matches(Attempt::acknowledged);

        deal(Map.of("Sync_With_Partner_Center__c", false));
        salesforce.edit("Opportunity", id, Map.of("Sync_With_Partner_Center__c", false));
        untilIdle();
        assertThat(received)
                .as("the linked one whose Sync was switched off, not the one without")
                .hasSize(2);
        salesforce.delete("Opportunity", id);
        assertThat(outbound.notifications()).as("deletes are not told").hasSize(2);
        assertThat(received.get(1)).doesNotContain("sf:NextStep></sf:NextStep");
        assertThat(salesforce.server().log().brokenRules()).isEmpty();
    }

    @Test
    void leavesEmptyFieldsOut() {
        deal(Map.of());
        untilIdle();
        assertThat(received.get(0)).doesNotContain("NextStep").doesNotContain("Referral_Identifier__c");
    }

    @Test
    void sendsTheValuesOfTheMomentOfSending() {
        outbound.hold();
        String id = deal(Map.of("NextStep", "first"));
        salesforce.edit("Opportunity", id, Map.of("NextStep", "second"));
        String gone = deal(Map.of());
        salesforce.delete("Opportunity", gone);
        outbound.release();
        untilIdle();
        assertThat(outbound.notifications()).hasSize(3);
        assertThat(records(received.get(0))).containsExactly(id, id);
        assertThat(received.get(0)).contains("second").doesNotContain("first");
    }

    @Test
    void putsUpToAHundredNotificationsIntoAMessage() {
        outbound.hold();
        for (int i = 0; i < 103; i++) {
            deal(Map.of());
        }
        outbound.release();
        untilIdle();
        assertThat(outbound.attempts())
                .extracting(attempt -> attempt.notifications().size())
                .containsExactlyInAnyOrder(100, 3);
    }

    @Test
    void sendsAgainLaterAndLaterAndGivesUpAfterADay() {
        status = 500;
        deal(Map.of());
        untilAttempts(1);
        long[] pauses = {30, 60, 120, 240, 480, 960, 1920, 3840, 7200, 7200};
        for (int i = 0; i < pauses.length; i++) {
            int tries = i + 1;
            clock.now = clock.now.plusSeconds(pauses[i] - 1);
            await().during(Duration.ofMillis(60))
                    .atMost(Duration.ofSeconds(2))
                    .until(() -> outbound.attempts().size() == tries);
            clock.now = clock.now.plusSeconds(1);
            untilAttempts(tries + 1);
        }
        assertThat(outbound.attempts().stream()
                        .map(attempt -> attempt.notifications().get(0).id())
                        .distinct())
                .hasSize(1);
        clock.now = clock.now.plus(Duration.ofHours(24));
        untilIdle();
        assertThat(outbound.dropped()).hasSize(1);
    }

    @Test
    void takesNothingForAnAcknowledgementButTheRightWords() {
        List<String> wrong = List.of(
                "",
                "{\"Ack\":true}",
                "<Ack>true</Ack>",
                ACK.replace("notificationsResponse", "notifications"),
                ACK.replace("2005/09/outbound", "2006/04/metadata"),
                ACK.replace("<Ack>true</Ack>", "<Ack>TRUE</Ack>"),
                ACK.replace("<Ack>true</Ack>", "<Ack>true</Ack><Ack>true</Ack>"),
                ACK.replace("schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope"),
                "<!DOCTYPE x>" + ACK);
        for (String body : wrong) {
            assertThat(SalesforceSoap.problem(200, "text/xml", body.getBytes(StandardCharsets.UTF_8)))
                    .as(body)
                    .isNotEmpty();
        }
        byte[] ack = ACK.getBytes(StandardCharsets.UTF_8);
        assertThat(SalesforceSoap.problem(202, "text/xml", ack)).isNotEmpty();
        assertThat(SalesforceSoap.problem(200, "application/xml", ack)).isNotEmpty();
        assertThat(SalesforceSoap.problem(200, "text/xml;charset=UTF-8", ack)).isEmpty();
    }

    @Test
    void countsAnAnswerOf200WithoutAnAckAsABrokenRule() {
        answer = "";
        deal(Map.of());
        untilAttempts(1);
        assertThat(salesforce.server().log().brokenRules())
                .singleElement()
                .asString()
                .contains("no Ack");
        assertThat(outbound.isIdle()).isFalse();
        answer = ACK.replace("true", "false");
        clock.now = clock.now.plusSeconds(30);
        untilAttempts(2);
        assertThat(outbound.attempts().get(1).problem()).isEqualTo(SalesforceSoap.NO);
        answer = ACK;
        clock.now = clock.now.plusSeconds(60);
        untilIdle();
        assertThat(salesforce.server().log().brokenRuleCount()).isEqualTo(1);
    }

    @Test
    void tellsTheIntegrationUsersWritesUntilItLosesThePermission() {
        String id = deal(Map.of());
        untilIdle();
        client.patch("sobjects/Opportunity/" + id, "{'NextStep':'call'}");
        assertThat(outbound.notifications()).hasSize(2);
        outbound.mute(userId);
        client.patch("sobjects/Opportunity/" + id, "{'NextStep':'meet'}");
        assertThat(outbound.notifications()).hasSize(2);
        salesforce.edit("Opportunity", id, Map.of("NextStep", "wait"));
        assertThat(outbound.notifications()).hasSize(3);
        untilIdle();
    }

    @Test
    void duplicatesLosesAndForges() {
        outbound.copies(2);
        deal(Map.of());
        untilIdle();
        assertThat(received).hasSize(2);
        assertThat(received.get(0)).isEqualTo(received.get(1));
        outbound.copies(1);
        outbound.lose(notification -> true);
        deal(Map.of());
        assertThat(outbound.isIdle()).isTrue();
        outbound.lose(notification -> false);
        outbound.wrongOrganization(1, "00D000000000001EAA");
        deal(Map.of());
        untilIdle();
        assertThat(received.get(2)).contains("<OrganizationId>00D000000000001EAA</OrganizationId>");
        assertThat(received).hasSize(3);
    }

    @Test
    void reordersWhatWasKeptBack() {
        outbound.hold();
        outbound.batch(1);
        for (int i = 0; i < 12; i++) {
            deal(Map.of());
        }
        outbound.releaseShuffled(3);
        untilIdle();
        List<Notification> raised = outbound.notifications();
        List<Notification> sent = outbound.attempts().stream()
                .map(attempt -> attempt.notifications().get(0))
                .toList();
        assertThat(sent).containsExactlyInAnyOrderElementsOf(raised).isNotEqualTo(raised);
    }
}
