package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.random.RandomGenerator;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.platform.BodyReadInterceptor;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Ids;
import org.cosellbridge.platform.ProblemMapper;
import org.cosellbridge.simulator.TestAuthority;
import org.cosellbridge.sync.SyncForOtherRooms;
import org.glassfish.jersey.internal.MapPropertiesDelegate;
import org.glassfish.jersey.internal.inject.AbstractBinder;
import org.glassfish.jersey.server.ApplicationHandler;
import org.glassfish.jersey.server.ContainerRequest;
import org.glassfish.jersey.server.ContainerResponse;
import org.glassfish.jersey.server.ResourceConfig;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The resource on the routing of one of the two servers: from address and headers to the answer. */
class SalesforceWebhookResourceTest {
    private static final URI BASE = URI.create("http://bridge.example/cosell/api/");
    private static final String SECRET = "0123456789-._~abcdef";
    private static final X509Certificate CERTIFICATE = new TestAuthority("Contoso").root();

    private final Clock clock = Clock.systemUTC();
    private final DeliveryDatabase database = new DeliveryDatabase();
    private final Ledger ledger = new Ledger(database);
    private final Configuration configuration = Configuration.of(Map.of(
            "cosell.connections",
            "sf,mutual",
            "cosell.crm.sf.type",
            "salesforce",
            "cosell.crm.sf.webhook-secret",
            SECRET,
            "cosell.crm.sf.organization-id",
            SalesforceEnvelope.ORGANIZATION,
            "cosell.crm.mutual.type",
            "salesforce",
            "cosell.crm.mutual.webhook-secret",
            SECRET,
            "cosell.crm.mutual.organization-id",
            SalesforceEnvelope.ORGANIZATION,
            "cosell.crm.mutual.webhook-client-subject",
            CERTIFICATE.getSubjectX500Principal().getName()));
    private final List<Push> accepted = new CopyOnWriteArrayList<>();
    private boolean broken;
    private final SalesforceReceiver receiver = new SalesforceReceiver(
            new SalesforceWebhookSettings(configuration),
            new PushDeliveries(
                    new DeliveryRepository(database.entityManager()),
                    SalesforceEnvelope.mappings("sf"),
                    SyncForOtherRooms.recordWants(database.entityManager(), ledger),
                    ledger,
                    new Ids(clock, RandomGenerator.getDefault())) {
                @Override
                public List<UUID> accept(List<? extends Push> pushes) {
                    if (broken) {
                        throw new AssertionError("a fault of ours that nobody foresaw");
                    }
                    accepted.addAll(pushes);
                    return database.inTransaction(() -> super.accept(pushes));
                }
            },
            RefusalCounts.of(ledger, clock),
            clock);
    private @Nullable Object certificates;
    private final ApplicationHandler server = new ApplicationHandler(new ResourceConfig(
                    SalesforceWebhookResource.class, ProblemMapper.class, BodyReadInterceptor.class)
            .property("jersey.config.server.wadl.disableWadl", true)
            .register(new AbstractBinder() {
                @Override
                protected void configure() {
                    bind(receiver).to(SalesforceReceiver.class);
                    bind(servletRequest()).to(HttpServletRequest.class);
                }
            }));

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aMessageIsStoredAndAcknowledged() {
        ContainerResponse answer = call("sf", SECRET, "text/xml; charset=utf-8", payload());

        assertThat(answer.getStatus()).isEqualTo(200);
        assertThat(answer.getHeaderString("Content-Type")).isEqualTo("text/xml");
        assertThat(answer.getEntity()).asString().contains("<Ack>true</Ack>");
        assertThat(accepted).singleElement().satisfies(delivery -> {
            assertThat(delivery.connection().value()).isEqualTo("sf");
            assertThat(delivery.source()).isEqualTo("192.0.2.1");
            assertThat(delivery.rows()).containsExactly(SalesforceEnvelope.record(1));
        });
        assertThat(database.count("delivery")).isEqualTo(1);
    }

    @Test
    void whatIsWrongIsAnsweredWithItsStatusAndAProblem() {
        assertProblem(call("sf", SECRET + "x", "text/xml", payload()), 401);
        assertProblem(call("nobody", SECRET, "text/xml", payload()), 401);
        assertProblem(call("sf", SECRET, "text/xml", payload().replace("XyZ1EAK", "XyZ2EAK")), 401);
        assertProblem(call("sf", SECRET, "application/json", payload()), 415);
        assertProblem(call("sf", SECRET, "text/xml", "<a/>"), 400);
        assertProblem(call("sf", SECRET, "text/xml", " ".repeat(1_100_000)), 413);
        database.execute("drop table delivery");
        ContainerResponse away = call("sf", SECRET, "text/xml", payload());
        assertProblem(away, 503);
        assertThat(away.getHeaderString("Retry-After")).isEqualTo("10");
    }

    @Test
    void aFaultOfOursIsNoSuccessAndTellsNothing() {
        broken = true;

        ContainerResponse answer = call("sf", SECRET, "text/xml", payload());

        assertProblem(answer, 500);
        assertThat(answer.getEntity()).asString().doesNotContain("foresaw");
    }

    @Test
    void theClientCertificateIsTheOneTheServerFoundInOrder() {
        assertProblem(call("mutual", SECRET, "text/xml", payload()), 401);
        certificates = new X509Certificate[0];
        assertProblem(call("mutual", SECRET, "text/xml", payload()), 401);
        certificates = new X509Certificate[] {CERTIFICATE};
        assertThat(call("mutual", SECRET, "text/xml", payload()).getStatus()).isEqualTo(200);
    }

    private static void assertProblem(ContainerResponse answer, int status) {
        assertThat(answer.getStatus()).isEqualTo(status);
        assertThat(answer.getHeaderString("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.getEntity()).asString().doesNotContain(SECRET);
        assertThat(answer.getStringHeaders().toString()).doesNotContain(SECRET);
    }

    private static String payload() {
        return SalesforceEnvelope.of("Opportunity").xml();
    }

    private ContainerResponse call(String connection, String secret, String type, String body) {
        URI address = URI.create(BASE + "webhooks/salesforce/" + connection + "/" + secret);
        ContainerRequest request =
                new ContainerRequest(BASE, address, "POST", null, new MapPropertiesDelegate(new HashMap<>()), null);
        request.header("SOAPAction", "\"\"");
        request.header("Content-Type", type);
        request.setEntityStream(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)));
        try {
            return server.apply(request, new ByteArrayOutputStream()).get();
        } catch (InterruptedException | ExecutionException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private HttpServletRequest servletRequest() {
        return (HttpServletRequest) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "getRemoteAddr" -> "192.0.2.1";
                    case "getAttribute" ->
                        args[0].equals("jakarta.servlet.request.X509Certificate") ? certificates : null;
                    case "hashCode" -> 1;
                    case "toString" -> "request";
                    case "equals" -> proxy == args[0];
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
