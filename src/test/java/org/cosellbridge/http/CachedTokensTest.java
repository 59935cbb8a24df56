package org.cosellbridge.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.cosellbridge.simulator.EntraSimulator;
import org.cosellbridge.simulator.Fault;
import org.cosellbridge.simulator.TestAuthority;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CachedTokensTest {
    private static final String AUDIENCE = "https://contoso.crm4.dynamics.com";
    private static final String OTHER_AUDIENCE = "https://api.partnercenter.microsoft.com";
    private static final String CLIENT = "11111111-2222-3333-4444-555555555555";
    private static final String FIRST = "first-refresh-token";

    private final MovableClock clock = new MovableClock();
    private final OutboundFixtures outbound = new OutboundFixtures(clock, Duration.ofSeconds(30));
    private final EntraSimulator entra = new EntraSimulator(0, "contoso-tenant");
    private Tokens tokens = outbound.tokens();

    @BeforeEach
    void start() {
        entra.start()
                .app(CLIENT)
                .secret("s3cr3t")
                .audience(AUDIENCE)
                .audience(OTHER_AUDIENCE)
                .refreshToken(FIRST, "service@contoso.example");
    }

    @AfterEach
    void stop() {
        assertThat(entra.server().log().brokenRules()).isEmpty();
        entra.close();
        outbound.close();
    }

    private Grant secret(String value) {
        return new Grant.ClientSecret(entra.url(), entra.tenant(), CLIENT, value, AUDIENCE + "/.default");
    }

    private Grant refresh(String first, String audience) {
        return new Grant.RefreshToken(entra.url(), entra.tenant(), CLIENT, "s3cr3t", first, audience + "/.default");
    }

    private String token(Grant grant) {
        return tokens.token(grant, Duration.ofSeconds(10), "c-1");
    }

    private int fetches() {
        return entra.server().log().count();
    }

    @Test
    void fetchesATokenWithASecretAndKeepsIt() {
        String token = token(secret("s3cr3t"));

        assertThat(entra.check(token)).map(EntraSimulator.Token::audience).contains(AUDIENCE);
        assertThat(token(secret("s3cr3t"))).isEqualTo(token);
        assertThat(fetches()).isEqualTo(1);
    }

    @Test
    void fetchesATokenWithACertificate() {
        TestAuthority.Signer signer = new TestAuthority("Test").issueDispatcher();
        entra.app(CLIENT).certificate(signer.certificate());
        String key = TestAuthority.pem(signer.key());

        String token = token(new Grant.ClientCertificate(
                entra.url(),
                entra.tenant(),
                CLIENT,
                key,
                TestAuthority.pem(signer.certificate()),
                AUDIENCE + "/.default"));

        assertThat(entra.check(token)).isPresent();
    }

    @Test
    void aKeyThatCannotBeReadIsAFailedSignIn() {
        assertThatThrownBy(() -> token(new Grant.ClientCertificate(
                        entra.url(), entra.tenant(), CLIENT, "/no/such/key", "/no/such/cert", AUDIENCE + "/.default")))
                .isInstanceOf(OutboundException.SignInFailed.class);
        assertThat(fetches()).isZero();
    }

    @Test
    void fetchesANewOneBeforeTheOldOneEnds() {
        token(secret("s3cr3t"));
        clock.move(Duration.ofMinutes(47));
        token(secret("s3cr3t"));
        assertThat(fetches()).isEqualTo(1);

        clock.move(Duration.ofMinutes(2));
        token(secret("s3cr3t"));
        assertThat(fetches()).isEqualTo(2);
    }

    @Test
    void usesAShortLivedTokenForHalfItsLifeAtLeast() {
        entra.tokenLifetime(Duration.ofSeconds(100));
        token(secret("s3cr3t"));
        clock.move(Duration.ofSeconds(49));
        token(secret("s3cr3t"));
        assertThat(fetches()).isEqualTo(1);

        clock.move(Duration.ofSeconds(2));
        token(secret("s3cr3t"));
        assertThat(fetches()).isEqualTo(2);
    }

    @Test
    void forgetsATokenThatWasRefused() {
        String refused = token(secret("s3cr3t"));
        tokens.forget(secret("s3cr3t"));

        assertThat(token(secret("s3cr3t"))).isNotEqualTo(refused);
    }

    @Test
    void sixteenThreadsShareOneFetch() throws Exception {
        entra.server().answerDelay(Duration.ofMillis(300));
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Callable<String>> work = new ArrayList<>();
            for (int thread = 0; thread < 16; thread++) {
                work.add(() -> token(secret("s3cr3t")));
            }
            String first = "";
            for (Future<String> token : threads.invokeAll(work)) {
                first = first.isEmpty() ? token.get() : first;
                assertThat(token.get()).isEqualTo(first);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(fetches()).isEqualTo(1);
    }

    @Test
    void aWrongSecretIsAFailedSignInThatSaysWhatToDo() {
        OutboundException.SignInFailed failed =
                catchThrowableOfType(OutboundException.SignInFailed.class, () -> token(secret("wr0ng")));

        assertThat(failed)
                .hasMessageContaining("invalid_client (AADSTS7000215)")
                .hasMessageContaining("secret");
        assertThat(failed.getMessage()).doesNotContain("wr0ng");
    }

    @Test
    void anUnavailableAuthorityIsNoFailedSignIn() {
        entra.server().faults().next(1, Fault.status(503));
        assertThatThrownBy(() -> token(secret("s3cr3t"))).isInstanceOf(OutboundException.Unreachable.class);

        entra.server().faults().next(1, Fault.throttled(30));
        OutboundException.Refused refused =
                catchThrowableOfType(OutboundException.Refused.class, () -> token(secret("s3cr3t")));
        assertThat(refused.notBefore()).isAfterOrEqualTo(clock.instant().plusSeconds(29));
        int before = fetches();
        assertThatThrownBy(() -> token(secret("s3cr3t"))).isInstanceOf(OutboundException.Refused.class);
        assertThat(fetches()).isEqualTo(before);
    }

    @Test
    void oneRefreshTokenServesTwoAudiences() {
        String referrals = token(refresh(FIRST, AUDIENCE));
        String webhooks = token(refresh(FIRST, OTHER_AUDIENCE));

        assertThat(entra.check(referrals)).map(EntraSimulator.Token::audience).contains(AUDIENCE);
        assertThat(entra.check(webhooks)).map(EntraSimulator.Token::audience).contains(OTHER_AUDIENCE);
        assertThat(entra.check(referrals).orElseThrow().hasUser()).isTrue();
    }

    @Test
    void usesTheRotatedRefreshTokenFromThenOnOnEveryNode() {
        entra.rotatedTokenLifetime(Duration.ofMillis(1));
        token(refresh(FIRST, AUDIENCE));

        tokens = outbound.tokens();
        String afterRestart = token(refresh(FIRST, AUDIENCE));
        tokens.forget(refresh(FIRST, AUDIENCE));
        String later = token(refresh(FIRST, AUDIENCE));

        assertThat(entra.check(afterRestart)).isPresent();
        assertThat(entra.check(later)).isPresent();
    }

    @Test
    void keepsNoRefreshTokenInTheClear() {
        token(refresh(FIRST, AUDIENCE));

        RefreshTokenRepository.Stored stored = outbound.refreshTokens()
                .find(entra.url() + "/" + entra.tenant() + "/" + CLIENT)
                .orElseThrow();

        String clear = new String(outbound.box().open("refresh-token", stored.closedToken()), StandardCharsets.UTF_8);
        assertThat(clear).isNotEqualTo(FIRST).isNotBlank();
        assertThat(new String(stored.closedToken(), StandardCharsets.ISO_8859_1))
                .doesNotContain(clear);
        assertThat(stored.configuredFingerprint()).doesNotContain(FIRST);
    }

    @Test
    void aNewlyConfiguredRefreshTokenWinsOverTheStoredOne() {
        token(refresh(FIRST, AUDIENCE));
        entra.app(CLIENT).refreshToken("second", "other@contoso.example");

        String token = token(refresh("second", AUDIENCE));
        tokens.forget(refresh("second", AUDIENCE));
        String next = token(refresh("second", AUDIENCE));

        assertThat(entra.check(token)).map(EntraSimulator.Token::user).contains("other@contoso.example");
        assertThat(entra.check(next)).map(EntraSimulator.Token::user).contains("other@contoso.example");
    }

    @Test
    void takesTheTokenOfAnotherNodeWhenItsOwnHasBeenReplacedMeanwhile() {
        entra.rotatedTokenLifetime(Duration.ofMillis(1));
        Tokens otherNode = outbound.tokens();
        RefreshTokenRepository slow = new OvertakenRepository(otherNode);
        tokens = new CachedTokens(outbound.client(), slow, outbound.box(), clock);

        assertThat(entra.check(token(refresh(FIRST, AUDIENCE)))).isPresent();
    }

    @Test
    void aRevokedRefreshTokenIsAFailedSignIn() {
        token(refresh(FIRST, AUDIENCE));
        entra.revoke(CLIENT);
        tokens.forget(refresh(FIRST, AUDIENCE));

        assertThatThrownBy(() -> token(refresh(FIRST, AUDIENCE)))
                .isInstanceOf(OutboundException.SignInFailed.class)
                .hasMessageContaining("invalid_grant")
                .hasMessageContaining("Sign in again");
    }

    /** Between this node's look and its request, another node rotates the token. */
    private final class OvertakenRepository extends RefreshTokenRepository {
        private final RefreshTokenRepository stored = outbound.refreshTokens();
        private final Tokens otherNode;
        private boolean overtaken;

        OvertakenRepository(Tokens otherNode) {
            super(outbound.entityManager(), clock);
            this.otherNode = otherNode;
        }

        @Override
        public Optional<Stored> find(String credential) {
            Optional<Stored> before = stored.find(credential);
            if (!overtaken) {
                overtaken = true;
                otherNode.token(refresh(FIRST, AUDIENCE), Duration.ofSeconds(10), "c-2");
                // The old token still works for a moment; let it run out.
                Awaitility.await().pollDelay(Duration.ofMillis(20)).until(() -> true);
            }
            return before;
        }

        @Override
        public void store(String credential, String configuredFingerprint, byte[] closedToken, long generation) {
            stored.store(credential, configuredFingerprint, closedToken, generation);
        }
    }

    private static final class MovableClock extends Clock {
        private volatile Duration moved = Duration.ZERO;

        void move(Duration by) {
            moved = moved.plus(by);
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(moved);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
