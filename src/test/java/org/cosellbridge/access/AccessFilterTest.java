package org.cosellbridge.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.cosellbridge.access.AccessTest.basic;

import at.favre.lib.crypto.bcrypt.BCrypt;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.SecurityContext;
import jakarta.ws.rs.core.UriInfo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.HashMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.platform.BodyReadInterceptor;
import org.cosellbridge.platform.Problem;
import org.cosellbridge.platform.ProblemMapper;
import org.glassfish.jersey.internal.MapPropertiesDelegate;
import org.glassfish.jersey.internal.inject.AbstractBinder;
import org.glassfish.jersey.server.ApplicationHandler;
import org.glassfish.jersey.server.ContainerRequest;
import org.glassfish.jersey.server.ContainerResponse;
import org.glassfish.jersey.server.ResourceConfig;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The filter, the mapper and the headers on the routing of one of the two servers. */
class AccessFilterTest {
    private static final URI BASE = URI.create("http://bridge.example/cosell/api/");
    private static final String HASH = BCrypt.withDefaults().hashToString(10, "secret".toCharArray());

    private static final Access ACCESS = new Access(
            new Logins(
                    new AccessSettings(AccessSettingsTest.users("oscar:operator:" + HASH, "audrey:auditor:" + HASH)),
                    Clock.systemUTC()),
            RefusalCounts.of(entry -> UUID.randomUUID(), Clock.systemUTC()));
    private static final ApplicationHandler SERVER = new ApplicationHandler(new ResourceConfig(
                    AccessFilter.class,
                    AnswerHeadersFilter.class,
                    ProblemMapper.class,
                    BodyReadInterceptor.class,
                    Things.class)
            .property("jersey.config.server.wadl.disableWadl", true)
            .register(new AbstractBinder() {
                @Override
                protected void configure() {
                    bind(ACCESS).to(Access.class);
                    bind(servletRequest()).to(HttpServletRequest.class);
                }
            }));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "audit",
                "audit/",
                "/audit",
                "//audit",
                "audit;x=y",
                ";x=y/audit",
                "%61udit",
                "Audit",
                "audit%2F",
                "audit%3Bx",
                "./audit",
                "webhooks/../audit",
                "webhooks/%2e%2e/audit",
                "webhooks/partner-center/../../audit",
                "webhooks;/../audit",
                "webhooks/;/../audit",
                "no-such-thing",
                "",
            })
    void nothingIsReadWithoutALogin(String path) {
        for (String method : new String[] {"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
            Answer answer = call(method, path, null, "");

            assertThat(answer.status).as(method + " " + path).isIn(400, 401);
            assertThat(answer.body).doesNotContain("reached");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "connections/crm/setup",
                "connections/crm/setup/",
                "connections/crm/setup;x=y",
                "connections/crm;x=y/setup",
                "connections/crm/%73etup",
                "connections//crm/setup",
                "connections/crm//setup",
                "connections/x/../crm/setup",
                "connections/c%72m/setup",
            })
    void anOperatorReachesNothingOfAnAdmin(String path) {
        Answer answer = call("POST", path, basic("oscar", "secret"), "{}");

        assertThat(answer.status).isIn(400, 403);
        assertThat(answer.body).doesNotContain("reached");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/cosell/%61pi/connections/crm/setup",
                "/cosell;x/api/connections/crm/setup",
                "//cosell/api/webhooks/partner-center",
                "/webhooks/partner-center",
            })
    void refusesAnotherSpellingOfTheApplicationItself(String wholePath) {
        assertThat(AccessRule.of("POST", AccessFilter.path(uri("http://bridge.example" + wholePath))))
                .isEqualTo(new AccessRule.Refused());
    }

    @Test
    void theApplicationItselfNeedsALogin() {
        assertThat(AccessFilter.path(uri("http://bridge.example/cosell/api"))).isEmpty();
        assertThat(AccessFilter.path(uri("http://bridge.example/cosell/api/audit?x=/../y")))
                .isEqualTo("audit");
    }

    private static UriInfo uri(String request) {
        return new ContainerRequest(
                        BASE, URI.create(request), "POST", null, new MapPropertiesDelegate(new HashMap<>()), null)
                .getUriInfo();
    }

    @Test
    void aReceiverIsReachedWithoutALogin() {
        assertThat(call("POST", "webhooks/partner-center", null, "{}").body).isEqualTo("reached by nobody");
    }

    @Test
    void aLoginReachesTheResourceAndTheResourceSeesTheName() {
        Answer answer = call("GET", "audit", basic("audrey", "secret"), "");

        assertThat(answer.status).isEqualTo(200);
        assertThat(answer.body).isEqualTo("reached by audrey");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    }

    @Test
    void aRefusalIsAProblemDocumentWithTheHeadersOfEveryAnswer() {
        Answer answer = call("GET", "audit", null, "");

        assertThat(answer.status).isEqualTo(401);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.header("WWW-Authenticate")).startsWith("Basic realm=");
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
        assertThat(answer.body).contains("\"status\":401", "\"title\":\"Unauthorized\"", "\"type\":\"about:blank\"");
    }

    @Test
    void whatTheServerRefusesIsAProblemDocumentToo() {
        assertProblem(call("GET", "no-such-thing", basic("audrey", "secret"), ""), 404);
        Answer method = call("DELETE", "audit", basic("oscar", "secret"), "");
        assertProblem(method, 405);
        assertThat(method.header("Allow")).contains("GET");
        assertProblem(call("POST", "things", basic("oscar", "secret"), "{\"name\":"), 400);
        assertProblem(call("POST", "things", basic("oscar", "secret"), "[1,2]"), 400);
        assertProblem(call("POST", "things/document", basic("oscar", "secret"), "{,}"), 400);
        String huge = "{\"name\": \"" + "x".repeat(1_100_000) + "\"}";
        assertProblem(call("POST", "things", basic("oscar", "secret"), huge), 413);
        assertProblem(call("POST", "things/document", basic("oscar", "secret"), huge), 413);
        assertProblem(call("POST", "things/document", basic("oscar", "secret"), " ".repeat(1_100_000) + "{}"), 413);
    }

    @Test
    void whatBreaksInsideTellsNothingButAnId() {
        Answer answer = call("GET", "things/broken", basic("audrey", "secret"), "");

        assertProblem(answer, 500);
        assertThat(answer.body).containsPattern("problem [0-9a-f-]{36}").doesNotContain("inside", "Exception");
        assertProblem(call("GET", "things/broken-json", basic("audrey", "secret"), ""), 500);
    }

    @Test
    void aProblemThatAResourceStatesIsAnsweredEvenWhenWrapped() {
        Answer answer = call("GET", "things/conflict", basic("audrey", "secret"), "");

        assertProblem(answer, 409);
        assertThat(answer.body).contains("It is closed.");
    }

    private static void assertProblem(Answer answer, int status) {
        assertThat(answer.status).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.body).contains("\"status\":" + status, "\"detail\":\"");
    }

    private Answer call(String method, String path, @Nullable String authorization, String body) {
        ContainerRequest request = new ContainerRequest(
                BASE, URI.create(BASE + path), method, null, new MapPropertiesDelegate(new HashMap<>()), null);
        if (authorization != null) {
            request.header("Authorization", authorization);
        }
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
            request.setEntityStream(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            return new Answer(SERVER.apply(request, out).get(), out);
        } catch (InterruptedException | ExecutionException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static HttpServletRequest servletRequest() {
        return (HttpServletRequest) Proxy.newProxyInstance(
                AccessFilterTest.class.getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "getRemoteAddr" -> "192.0.2.1";
                    case "hashCode" -> 1;
                    case "toString" -> "request";
                    case "equals" -> proxy == args[0];
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private static final class Answer {
        final int status;
        final String body;
        private final ContainerResponse response;

        Answer(ContainerResponse response, ByteArrayOutputStream out) {
            this.status = response.getStatus();
            this.body = out.toString(StandardCharsets.UTF_8);
            this.response = response;
        }

        String header(String name) {
            return String.valueOf(response.getHeaderString(name));
        }
    }

    /** Resources as other rooms have them. */
    @Path("")
    public static class Things {
        /** What is posted. */
        public record Thing(@Nullable String name) {}

        @GET
        @Path("audit")
        @Produces("text/plain")
        public String read(@Context SecurityContext security) {
            return "reached by " + security.getUserPrincipal().getName();
        }

        @POST
        @Path("connections/{name}/setup")
        public String setUp(@PathParam("name") String name) {
            return "reached " + name;
        }

        @POST
        @Path("webhooks/partner-center")
        public String receive(@Context SecurityContext security) {
            return security.getUserPrincipal() == null ? "reached by nobody" : "reached by somebody";
        }

        @POST
        @Path("things")
        @Consumes("application/json")
        public String post(Thing thing) {
            return "reached " + thing.name();
        }

        @POST
        @Path("things/document")
        @Consumes("application/json")
        public String postDocument(jakarta.json.JsonObject document) {
            return "reached " + document;
        }

        @GET
        @Path("things/broken")
        public String breakDown() {
            throw new IllegalStateException("what is inside");
        }

        @GET
        @Path("things/broken-json")
        public String breakJson() {
            throw new jakarta.json.JsonException("what is inside");
        }

        @GET
        @Path("things/conflict")
        public String conflict() {
            throw new IllegalStateException("wrapped", Problem.conflict("It is closed."));
        }
    }
}
