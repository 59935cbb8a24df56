package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The resource on the routing of one of the two servers: from address, query and headers to the answer. */
class DynamicsWebhookResourceTest {
    private static final URI BASE = URI.create("http://bridge.example/cosell/api/");
    private static final String SECRET = "0123456789abcdef";

    private final Clock clock = Clock.systemUTC();
    private final DeliveryDatabase database = new DeliveryDatabase();
    private final Ledger ledger = new Ledger(database);
    private final Configuration configuration = Configuration.of(Map.of(
            "cosell.connections",
            "crm",
            "cosell.crm.crm.webhook-secret",
            SECRET,
            "cosell.webhook.trust-bundle",
            TestAuthority.pem(new TestAuthority("Microsoft Corporation").root())));
    private final List<Push> accepted = new CopyOnWriteArrayList<>();
    private final DynamicsReceiver receiver = new DynamicsReceiver(
            new DynamicsWebhookSettings(configuration),
            new WebhookSettings(configuration, clock),
            new PushDeliveries(
                    new DeliveryRepository(database.entityManager()),
                    SyncForOtherRooms.mappings(configuration),
                    SyncForOtherRooms.recordWants(database.entityManager(), ledger),
                    ledger,
                    new Ids(clock, RandomGenerator.getDefault())) {
                @Override
                public List<UUID> accept(List<? extends Push> pushes) {
                    accepted.addAll(pushes);
                    return database.inTransaction(() -> super.accept(pushes));
                }
            },
            RefusalCounts.of(ledger, clock),
            clock);
    private String query = "";
    private final ApplicationHandler server = new ApplicationHandler(new ResourceConfig(
                    DynamicsWebhookResource.class, ProblemMapper.class, BodyReadInterceptor.class)
            .property("jersey.config.server.wadl.disableWadl", true)
            .register(new AbstractBinder() {
                @Override
                protected void configure() {
                    bind(receiver).to(DynamicsReceiver.class);
                    bind(servletRequest()).to(HttpServletRequest.class);
                }
            }));

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aPushWithItsSecretInTheHeaderIsStored() {
        ContainerResponse answer =
                call("crm", Map.of("X-Cosell-Webhook-Secret", SECRET), "application/json", payload());

        assertThat(answer.getStatus()).isEqualTo(200);
        assertThat(answer.hasEntity()).isFalse();
        assertThat(accepted).singleElement().satisfies(delivery -> {
            assertThat(delivery.connection().value()).isEqualTo("crm");
            assertThat(delivery.source()).isEqualTo("192.0.2.1");
            assertThat(delivery.rows()).containsExactly(DynamicsPayload.ROW);
        });
        assertThat(database.count("delivery")).isEqualTo(1);
    }

    @Test
    void aPushWithItsSecretInTheQueryIsStored() {
        query = "code=" + SECRET;

        assertThat(call("crm", Map.of(), "application/json; charset=utf-8", payload())
                        .getStatus())
                .isEqualTo(200);
    }

    @Test
    void whatIsWrongIsAnsweredWithItsStatusAndAProblem() {
        Map<String, String> secret = Map.of("x-cosell-webhook-secret", SECRET);
        assertProblem(call("crm", Map.of(), "application/json", payload()), 401);
        assertProblem(call("nobody", secret, "application/json", payload()), 401);
        assertProblem(call("crm", secret, "text/plain", payload()), 415);
        assertProblem(call("crm", secret, "application/x-www-form-urlencoded", payload()), 415);
        assertProblem(call("crm", secret, "application/json", "{"), 400);
        assertProblem(call("crm", secret, "application/json", " ".repeat(400_000)), 413);
        database.execute("drop table delivery");
        ContainerResponse away = call("crm", secret, "application/json", payload());
        assertProblem(away, 503);
        assertThat(away.getHeaderString("Retry-After")).isEqualTo("10");
    }

    private static void assertProblem(ContainerResponse answer, int status) {
        assertThat(answer.getStatus()).isEqualTo(status);
        assertThat(answer.getHeaderString("Content-Type")).isEqualTo("application/problem+json");
    }

    private static String payload() {
        return DynamicsPayload.update("opportunity").json().toString();
    }

    private ContainerResponse call(String connection, Map<String, String> headers, String type, String body) {
        URI address = URI.create(BASE + "webhooks/dynamics/" + connection + (query.isEmpty() ? "" : "?" + query));
        ContainerRequest request =
                new ContainerRequest(BASE, address, "POST", null, new MapPropertiesDelegate(new HashMap<>()), null);
        headers.forEach(request::header);
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
                    case "getQueryString" -> query.isEmpty() ? null : query;
                    case "hashCode" -> 1;
                    case "toString" -> "request";
                    case "equals" -> proxy == args[0];
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}
