package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import jakarta.json.JsonObjectBuilder;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** The OAuth endpoints of the simulated organization and its sessions, which end by the test's clock. Thread-safe. */
final class SalesforceSessions {
    private static final String JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private static final Duration LONGEST_ASSERTION = Duration.ofMinutes(5);
    private static final int LEAST_KEY_BITS = 2_048;
    private static final int TOKEN_BYTES = 48;
    private static final String FORM = "application/x-www-form-urlencoded";

    private final Clock clock;
    private final String organizationId;
    private final Function<String, Optional<SalesforceRecord>> users;
    private final Consumer<String> brokenRules;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, SalesforceApp> apps = new ConcurrentHashMap<>();
    private final Map<String, Session> sessions = new ConcurrentHashMap<>();
    private final Set<String> usedIds = ConcurrentHashMap.newKeySet();
    private volatile URI instance = URI.create("http://127.0.0.1");
    private volatile URI login = URI.create("http://localhost");
    private volatile boolean sandbox;
    private volatile Duration timeout = Duration.ofHours(2);

    SalesforceSessions(
            Clock clock,
            String organizationId,
            Function<String, Optional<SalesforceRecord>> users,
            Consumer<String> brokenRules) {
        this.clock = clock;
        this.organizationId = organizationId;
        this.users = users;
        this.brokenRules = brokenRules;
    }

    /** A session; it lives on with each use. */
    record Session(String token, String userId, String username, String clientId, Instant expires) {}

    void addresses(URI myDomain, URI loginHost) {
        instance = myDomain;
        login = loginHost;
    }

    void sandbox(boolean on) {
        sandbox = on;
    }

    void timeout(Duration longest) {
        timeout = longest;
    }

    SalesforceApp app(String clientId) {
        return apps.computeIfAbsent(clientId, SalesforceApp::new);
    }

    void endAll() {
        sessions.clear();
    }

    /** A session of this user as if an app had signed in. */
    Session open(SalesforceRecord user, String clientId) {
        Instant now = clock.instant();
        String username = user.text("Username").orElse("");
        Optional<Session> living = sessions.values().stream()
                .filter(session ->
                        session.userId().equals(user.id()) && session.clientId().equals(clientId))
                .filter(session -> session.expires().isAfter(now))
                .findFirst();
        if (living.isPresent()) {
            return living.get();
        }
        byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        String token = organizationId.substring(0, 15) + "!AQ"
                + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        Session session = new Session(token, user.id(), username, clientId, now.plus(timeout));
        sessions.put(token, session);
        return session;
    }

    /** The session of a bearer token, which is used now. */
    Optional<Session> use(String token) {
        Instant now = clock.instant();
        Optional<Session> session = Optional.ofNullable(sessions.get(token))
                .filter(found -> found.expires().isAfter(now))
                .filter(found -> users.apply(found.username())
                        .filter(user -> user.flag("IsActive"))
                        .isPresent());
        session.ifPresent(found -> sessions.replace(
                token, new Session(token, found.userId(), found.username(), found.clientId(), now.plus(timeout))));
        return session;
    }

    // --- endpoints -------------------------------------------------------------------------------------------------

    SimulatorAnswer token(SimulatorRequest request) {
        if (!request.isOfType(FORM)) {
            throw refuse("invalid_request", "the request body must be a form");
        }
        Map<String, String> form = request.form();
        String grant = form.getOrDefault("grant_type", "");
        return switch (grant) {
            case JWT_BEARER -> byAssertion(request, form);
            case "client_credentials" -> byCredentials(request, form);
            case "" -> throw refuse("invalid_request", "missing required parameter: grant_type");
            default -> {
                brokenRules.accept("asked for a token by " + grant);
                throw refuse("unsupported_grant_type", "grant type not supported");
            }
        };
    }

    private SimulatorAnswer byAssertion(SimulatorRequest request, Map<String, String> form) {
        if (request.header("Authorization").isPresent() || form.containsKey("client_secret")) {
            brokenRules.accept("sent a secret along with an assertion");
        }
        SignedJWT jwt;
        JWTClaimsSet claims;
        try {
            jwt = SignedJWT.parse(form.getOrDefault("assertion", ""));
            claims = jwt.getJWTClaimsSet();
        } catch (ParseException malformed) {
            throw refuse("invalid_grant", "invalid assertion");
        }
        SalesforceApp app = Optional.ofNullable(claims.getIssuer())
                .map(apps::get)
                .orElseThrow(() -> refuse("invalid_client_id", "client identifier invalid"));
        checkSignature(jwt, app);
        checkAudience(claims.getAudience());
        checkLife(claims);
        String username = Optional.ofNullable(claims.getSubject()).orElse("");
        SalesforceRecord user = user(username);
        if (!app.isPreAuthorized(username)) {
            throw refuse("invalid_grant", "user hasn't approved this consumer");
        }
        if (claims.getJWTID() != null && !usedIds.add(app.clientId() + " " + claims.getJWTID())) {
            throw refuse("invalid_grant", "assertion was used before");
        }
        return SimulatorAnswer.json(200, opened(open(user, app.clientId())).build());
    }

    private static void checkSignature(SignedJWT jwt, SalesforceApp app) {
        if (!jwt.getHeader().getAlgorithm().equals(JWSAlgorithm.RS256)) {
            throw refuse("invalid_grant", "algorithm not supported");
        }
        for (RSAPublicKey key : app.keys()) {
            try {
                if (key.getModulus().bitLength() >= LEAST_KEY_BITS && jwt.verify(new RSASSAVerifier(key))) {
                    return;
                }
            } catch (JOSEException unusable) {
                throw new IllegalStateException(unusable);
            }
        }
        throw refuse("invalid_grant", "invalid assertion");
    }

    /** The audience is the login host's own name, whichever host is asked; the simulator's login address stands for it too. */
    private void checkAudience(List<String> audience) {
        String official = sandbox ? "https://test.salesforce.com" : "https://login.salesforce.com";
        if (audience.size() != 1 || !List.of(official, login.toString()).contains(audience.get(0))) {
            throw refuse("invalid_grant", "audience is invalid");
        }
    }

    private void checkLife(JWTClaimsSet claims) {
        Instant now = clock.instant();
        Optional<Instant> end = Optional.ofNullable(claims.getExpirationTime()).map(Date::toInstant);
        if (end.isEmpty() || !end.get().isAfter(now)) {
            throw refuse("invalid_grant", "expired authorization code");
        }
        if (Duration.between(now, end.get()).compareTo(LONGEST_ASSERTION) > 0) {
            brokenRules.accept("an assertion that lives longer than 300 s");
            throw refuse("invalid_grant", "expired authorization code");
        }
    }

    private SimulatorAnswer byCredentials(SimulatorRequest request, Map<String, String> form) {
        if (request.header("Host")
                .filter(login.getAuthority()::equalsIgnoreCase)
                .isPresent()) {
            throw refuse("invalid_grant", "request not supported on this domain");
        }
        String[] given = credentials(request, form);
        SalesforceApp app = Optional.ofNullable(apps.get(given[0]))
                .orElseThrow(() -> refuse("invalid_client_id", "client identifier invalid"));
        if (!app.hasSecret(given[1])) {
            throw refuse("invalid_client", "invalid client credentials");
        }
        String username = app.runAs().orElseThrow(() -> refuse("invalid_grant", "no client credentials user enabled"));
        Session session = open(user(username), app.clientId());
        return SimulatorAnswer.json(
                200,
                opened(session)
                        .add("signature", Base64.getEncoder().encodeToString(new byte[32]))
                        .add("issued_at", Long.toString(clock.millis()))
                        .build());
    }

    private String[] credentials(SimulatorRequest request, Map<String, String> form) {
        Optional<String> basic = request.header("Authorization")
                .filter(header -> header.regionMatches(true, 0, "Basic ", 0, 6))
                .map(header -> header.substring(6).strip());
        if (basic.isEmpty()) {
            return new String[] {form.getOrDefault("client_id", ""), form.getOrDefault("client_secret", "")};
        }
        if (form.containsKey("client_secret")) {
            brokenRules.accept("sent the secret twice");
        }
        try {
            String[] pair = new String(Base64.getDecoder().decode(basic.get()), StandardCharsets.UTF_8).split(":", 2);
            return new String[] {pair[0], pair.length < 2 ? "" : pair[1]};
        } catch (IllegalArgumentException notBase64) {
            throw refuse("invalid_client", "invalid client credentials");
        }
    }

    private SalesforceRecord user(String username) {
        SalesforceRecord user =
                users.apply(username).orElseThrow(() -> refuse("invalid_grant", "user does not exist or is inactive"));
        if (!user.flag("IsActive")) {
            throw refuse("inactive_user", "user is inactive");
        }
        return user;
    }

    private JsonObjectBuilder opened(Session session) {
        return JSON.createObjectBuilder()
                .add("access_token", session.token())
                .add("scope", "api")
                .add("instance_url", instance.toString())
                .add("id", login + "/id/" + organizationId + "/" + session.userId())
                .add("token_type", "Bearer");
    }

    SimulatorAnswer userInfo(SimulatorRequest request) {
        Optional<Session> session = request.bearer().flatMap(this::use);
        if (session.isEmpty()) {
            return SimulatorAnswer.text(403, "Bad_OAuth_Token");
        }
        return SimulatorAnswer.json(
                200,
                JSON.createObjectBuilder()
                        .add(
                                "sub",
                                login + "/id/" + organizationId + "/"
                                        + session.get().userId())
                        .add("user_id", session.get().userId())
                        .add("organization_id", organizationId)
                        .add("preferred_username", session.get().username())
                        .build());
    }

    SimulatorAnswer revoke(SimulatorRequest request) {
        String token = request.form().getOrDefault("token", "");
        if (sessions.remove(token) == null) {
            throw refuse("unsupported_token_type", "this token type is not supported");
        }
        return SimulatorAnswer.empty(200);
    }

    private static SimulatorAnswer.RefusedException refuse(String error, String description) {
        return error(400, error, description).refused();
    }

    static SimulatorAnswer error(int status, String error, String description) {
        return SimulatorAnswer.json(
                status,
                JSON.createObjectBuilder()
                        .add("error", error)
                        .add("error_description", description)
                        .build());
    }
}
