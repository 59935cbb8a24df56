package org.cosellbridge.access;

import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import jakarta.ws.rs.core.Response;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.MovingClock;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.Problem;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
    private static final String HASH_OF_SECRET = BCrypt.withDefaults().hashToString(10, "sécret:1".toCharArray());
    private static final String LONG_PASSWORD = "p".repeat(72);
    private static final String HASH_OF_LONG = BCrypt.withDefaults().hashToString(10, LONG_PASSWORD.toCharArray());

    private final MovingClock clock = new MovingClock("2026-11-20T08:30:00Z");
    private final List<AuditEntry> trail = new ArrayList<>();
    private final RefusalCounts refusals = RefusalCounts.of(
            entry -> {
                trail.add(entry);
                return UUID.randomUUID();
            },
            clock);
    private final Configuration configuration = AccessSettingsTest.users(
            "ann:admin:" + HASH_OF_SECRET,
            "oscar:operator:" + HASH_OF_SECRET,
            "audrey:auditor:" + HASH_OF_SECRET,
            "lena:auditor:" + HASH_OF_LONG);
    private final List<String> checkedHashes = new ArrayList<>();
    private final Access access = new Access(
            new Logins(new AccessSettings(configuration), clock, (password, hash) -> {
                checkedHashes.add(hash);
                return BCrypt.verifyer().verify(password, hash.getBytes(StandardCharsets.US_ASCII)).verified;
            }),
            refusals);

    @ParameterizedTest
    @CsvSource({
        "ann,GET,audit,200",
        "ann,POST,links/1/sync,200",
        "ann,PUT,registration,200",
        "oscar,GET,audit,200",
        "oscar,POST,links/1/sync,200",
        "oscar,PUT,registration,403",
        "oscar,POST,connections/crm/setup,403",
        "audrey,GET,audit,200",
        "audrey,HEAD,audit,200",
        "audrey,POST,links/1/sync,403",
        "audrey,DELETE,links/1,403",
    })
    void theRoleDecides(String name, String method, String path, int status) {
        assertThat(status(access.decide(method, path, basic(name, "sécret:1"), "192.0.2.1")))
                .isEqualTo(status);
    }

    @Test
    void aResourceSeesWhoCalls() {
        assertThat(access.decide("GET", "audit", basic("oscar", "sécret:1"), "192.0.2.1"))
                .asInstanceOf(InstanceOfAssertFactories.type(AccessDecision.PassAs.class))
                .satisfies(passed -> {
                    UserContext context = new UserContext(passed.user(), true);
                    assertThat(context.getUserPrincipal().getName()).isEqualTo("oscar");
                    assertThat(context.isUserInRole("auditor")).isTrue();
                    assertThat(context.isUserInRole("operator")).isTrue();
                    assertThat(context.isUserInRole("admin")).isFalse();
                    assertThat(context.isUserInRole("king")).isFalse();
                    assertThat(context.isSecure()).isTrue();
                });
    }

    @Test
    void aReceiverNeedsNoLoginAndAWrongOneDoesNoHarm() {
        assertThat(access.decide("POST", "webhooks/partner-center", null, "192.0.2.1"))
                .isEqualTo(new AccessDecision.PassUnknown());
        assertThat(access.decide("POST", "webhooks/partner-center", "Signature abc", "192.0.2.1"))
                .isEqualTo(new AccessDecision.PassUnknown());
        refusals.flushAll();
        assertThat(trail).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Basic",
                "Basic ",
                "Basic !!!",
                "Basic YW5u",
                "Basic /////w==",
                "Bearer YW5uOnNlY3JldA==",
                "BasicYW5uOnNlY3JldA==",
            })
    void asksForALoginWhenTheHeaderIsNone(String header) {
        Response response = refused(access.decide("GET", "audit", header, "192.0.2.1"));

        assertThat(response.getStatus()).isEqualTo(401);
        assertThat(response.getHeaderString("WWW-Authenticate"))
                .isEqualTo("Basic realm=\"Cosell Bridge\", charset=\"UTF-8\"");
        assertThat(response.getMediaType()).isEqualTo(Problem.MEDIA_TYPE);
    }

    @Test
    void tellsNobodyWhetherANameExists() {
        Response unknown = refused(access.decide("GET", "audit", basic("nobody", "x"), "192.0.2.1"));
        Response wrong = refused(access.decide("GET", "audit", basic("ann", "x"), "192.0.2.1"));

        assertThat(unknown.getStatus()).isEqualTo(401);
        assertThat(wrong.getStatus()).isEqualTo(401);
        assertThat(unknown.getEntity()).isEqualTo(wrong.getEntity());
    }

    @Test
    void anUnknownNameCostsAsMuchAsAKnownOne() {
        access.decide("GET", "audit", basic("ann", "x"), "192.0.2.1");
        access.decide("GET", "audit", basic("nobody", "x"), "192.0.2.1");
        access.decide("GET", "audit", basic("nobody", "x".repeat(100)), "192.0.2.1");

        assertThat(checkedHashes).hasSize(3).allSatisfy(hash -> assertThat(hash).startsWith("$2a$10$"));
        assertThat(checkedHashes.get(0)).isEqualTo(HASH_OF_SECRET);
        assertThat(checkedHashes.get(1)).isNotEqualTo(HASH_OF_SECRET);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sécret:", "sécret:1 ", "SÉCRET:1", "secret:1", "sécret:1\u0000"})
    void refusesEveryOtherPassword(String password) {
        assertThat(status(access.decide("GET", "audit", basic("ann", password), "192.0.2.1")))
                .isEqualTo(401);
    }

    @Test
    void refusesWhatBcryptWouldCut() {
        assertThat(status(access.decide("GET", "audit", basic("lena", LONG_PASSWORD), "192.0.2.1")))
                .isEqualTo(200);
        assertThat(status(access.decide("GET", "audit", basic("lena", LONG_PASSWORD + "x"), "192.0.2.1")))
                .isEqualTo(401);
    }

    @Test
    void readsOnlyUtf8() {
        String latin =
                "Basic " + Base64.getEncoder().encodeToString("ann:sécret:1".getBytes(Charset.forName("ISO-8859-1")));

        assertThat(status(access.decide("GET", "audit", latin, "192.0.2.1"))).isEqualTo(401);
    }

    @Test
    void slowsGuessingDownForNamesThatExistAndNamesThatDoNot() {
        for (String name : List.of("ann", "nobody")) {
            for (int i = 0; i < LoginBrake.FREE_PER_PAIR; i++) {
                assertThat(status(access.decide("GET", "audit", basic(name, "guess" + i), "192.0.2.9")))
                        .isEqualTo(401);
            }
            Response slowed = refused(access.decide("GET", "audit", basic(name, "sécret:1"), "192.0.2.9"));
            assertThat(slowed.getStatus()).isEqualTo(429);
            assertThat(slowed.getHeaderString("Retry-After")).isEqualTo("2");
        }
        assertThat(status(access.decide("GET", "audit", basic("ann", "sécret:1"), "192.0.2.1")))
                .as("from elsewhere")
                .isEqualTo(200);

        clock.move(Duration.ofSeconds(2));
        assertThat(status(access.decide("GET", "audit", basic("ann", "sécret:1"), "192.0.2.9")))
                .isEqualTo(200);
    }

    @Test
    void aRightLoginIsRememberedForAMinuteAndGuessersDoNotDisturbIt() {
        assertThat(status(access.decide("GET", "audit", basic("ann", "sécret:1"), "192.0.2.9")))
                .isEqualTo(200);
        for (int i = 0; i <= LoginBrake.FREE_PER_PAIR; i++) {
            access.decide("GET", "audit", basic("ann", "guess" + i), "192.0.2.9");
        }

        int checks = checkedHashes.size();
        for (int i = 0; i < 100; i++) {
            assertThat(status(access.decide("GET", "audit", basic("ann", "sécret:1"), "192.0.2.9")))
                    .isEqualTo(200);
        }
        assertThat(checkedHashes).hasSize(checks);

        for (int i = 0; i < 8; i++) {
            clock.move(Duration.ofSeconds(61));
            access.decide("GET", "audit", basic("ann", "guess"), "192.0.2.9");
        }
        assertThat(status(access.decide("GET", "audit", basic("ann", "sécret:1"), "192.0.2.9")))
                .as("no longer remembered")
                .isEqualTo(429);
    }

    @Test
    void countsEveryRefusalByReasonAndSource() {
        access.decide("GET", "audit", null, "192.0.2.1");
        access.decide("GET", "audit", null, "192.0.2.1");
        access.decide("GET", "audit;x", basic("ann", "sécret:1"), "192.0.2.1");
        access.decide("GET", "audit", basic("ann", "wrong"), "192.0.2.2");
        access.decide("POST", "links/1/sync", basic("audrey", "sécret:1"), "192.0.2.1");

        refusals.flushAll();

        assertThat(trail)
                .allSatisfy(entry -> assertThat(entry.kind()).isEqualTo(AuditKind.ACCESS_REFUSED))
                .extracting(entry -> entry.count() + " " + entry.reason() + " " + entry.source())
                .containsExactlyInAnyOrder(
                        "2 no-login 192.0.2.1", "1 path 192.0.2.1", "1 wrong-login 192.0.2.2", "1 role 192.0.2.1");
    }

    static String basic(String name, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((name + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private static int status(AccessDecision decision) {
        Response refused = decision instanceof AccessDecision.Refuse refuse ? refuse.response() : null;
        return refused == null ? 200 : refused.getStatus();
    }

    private static Response refused(@Nullable AccessDecision decision) {
        assertThat(decision).isInstanceOf(AccessDecision.Refuse.class);
        return decision instanceof AccessDecision.Refuse refuse
                ? refuse.response()
                : Response.ok().build();
    }
}
