package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Microsoft Entra ID's token endpoints, v1 and v2: client credentials with a secret or a signed assertion, and refresh tokens that
 * rotate. Tokens are random text; the other simulators ask {@link #check} what one is worth.
 *
 * <p>Strict where Entra is: tenant, application, credentials and audience must fit, and an assertion must be signed by a registered
 * certificate, name the token endpoint and live at most ten minutes. Thread-safe.
 */
public final class EntraSimulator implements AutoCloseable {
    private static final String ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static final String DEFAULT_SCOPE = "/.default";
    private static final Set<String> SIGN_IN_SCOPES = Set.of("openid", "profile", "email", "offline_access");
    private static final Set<String> SHARED_TENANTS = Set.of("common", "organizations");
    private static final DateTimeFormatter ENTRA_TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final Duration LONGEST_ASSERTION = Duration.ofMinutes(10);
    private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);
    private static final int TOKENS_BEFORE_CLEANING = 10_000;

    private final SimulatorServer server;
    private final String tenant;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, EntraApp> apps = new ConcurrentHashMap<>();
    private final Map<String, Token> tokens = new ConcurrentHashMap<>();
    private final Map<String, RefreshToken> refreshTokens = new ConcurrentHashMap<>();
    private final Set<String> revoked = ConcurrentHashMap.newKeySet();
    private volatile Duration tokenLifetime = Duration.ofHours(1);
    private volatile Duration rotatedTokenLifetime = Duration.ofMinutes(10);

    /**
     * An authority with one tenant.
     *
     * @param port where to listen, 0 for any free port
     * @param tenant the tenant's id
     */
    public EntraSimulator(int port, String tenant) {
        this.tenant = tenant;
        this.server = new SimulatorServer("Entra", port)
                .route("token v2", "POST", "/{tenant}/oauth2/v2.0/token", request -> token(request, Version.V2))
                .route("token v1", "POST", "/{tenant}/oauth2/token", request -> token(request, Version.V1))
                .refusal((request, refused) ->
                        error(refused.status(), "temporarily_unavailable", 90033, "A transient error has occurred."))
                .objects(this::shown);
    }

    /** The application with this id, registered if it was not. */
    public EntraApp app(String clientId) {
        return apps.computeIfAbsent(clientId, id -> new EntraApp(this, id));
    }

    /** Starts to answer. */
    public EntraSimulator start() {
        server.start();
        return this;
    }

    @Override
    public void close() {
        server.close();
    }

    /** The authority's address, without a slash at its end. */
    public URI url() {
        return server.url();
    }

    /** The tenant's id. */
    public String tenant() {
        return tenant;
    }

    /** The server beneath: call log, faults, delays. */
    public SimulatorServer server() {
        return server;
    }

    /** How long tokens live that are issued from now on; whole seconds. Default one hour. */
    public EntraSimulator tokenLifetime(Duration lifetime) {
        this.tokenLifetime = lifetime;
        return this;
    }

    /** How long a refresh token still works after its first use. Default ten minutes. */
    public EntraSimulator rotatedTokenLifetime(Duration lifetime) {
        this.rotatedTokenLifetime = lifetime;
        return this;
    }

    /** What this bearer token is worth, if it is a live one. */
    public Optional<Token> check(String bearer) {
        return Optional.ofNullable(tokens.get(bearer))
                .filter(token -> token.expires().isAfter(Instant.now()))
                .filter(token -> !revoked.contains(token.clientId()));
    }

    /** From now on the application cannot sign in and its tokens are worth nothing. */
    public void revoke(String clientId) {
        revoked.add(clientId);
        tokens.values().removeIf(token -> token.clientId().equals(clientId));
    }

    /** The application can sign in again; tokens from before stay worth nothing, refresh tokens work again. */
    public void restore(String clientId) {
        revoked.remove(clientId);
    }

    /** Every access token ends now. */
    public void expireTokens() {
        tokens.clear();
    }

    /** A token as if the application had signed in; {@code user} is empty for the application itself. */
    public Token issue(String clientId, String audience, String user) {
        if (tokens.size() > TOKENS_BEFORE_CLEANING) {
            Instant now = Instant.now();
            tokens.values().removeIf(token -> token.expires().isBefore(now));
        }
        Token token =
                new Token(randomText(), audience, clientId, user, Instant.now().plus(tokenLifetime));
        tokens.put(token.value(), token);
        return token;
    }

    void addRefreshToken(String value, String clientId, String user) {
        refreshTokens.put(value, new RefreshToken(clientId, user, Instant.MAX));
    }

    private SimulatorAnswer token(SimulatorRequest request, Version version) {
        if (!request.isOfType("application/x-www-form-urlencoded")) {
            throw error(400, "invalid_request", 900144, "The request body must be a form.")
                    .refused();
        }
        Map<String, String> form = request.form();
        String askedTenant = request.pathValue("tenant");
        if (!askedTenant.equals(tenant) && !SHARED_TENANTS.contains(askedTenant)) {
            throw error(400, "invalid_request", 90002, "Tenant '" + askedTenant + "' not found.")
                    .refused();
        }
        EntraApp app = signIn(request, form);
        String audience = audience(form, version);
        String grant = required(form, "grant_type");
        return switch (grant) {
            case "client_credentials" -> {
                if (SHARED_TENANTS.contains(askedTenant)) {
                    throw error(400, "invalid_request", 53003, "An application signs in at its own tenant.")
                            .refused();
                }
                checkAudience(app, audience);
                yield answer(issue(app.clientId(), audience, ""), "", version);
            }
            case "refresh_token" -> {
                RefreshToken used = use(app, required(form, "refresh_token"));
                checkAudience(app, audience);
                yield answer(issue(app.clientId(), audience, used.user()), rotate(used, form), version);
            }
            default ->
                throw error(400, "unsupported_grant_type", 70003, "The grant type '" + grant + "' is not supported.")
                        .refused();
        };
    }

    private EntraApp signIn(SimulatorRequest request, Map<String, String> form) {
        String clientId = required(form, "client_id");
        EntraApp app = apps.get(clientId);
        if (app == null) {
            throw error(400, "unauthorized_client", 700016, "Application '" + clientId + "' was not found.")
                    .refused();
        }
        if (revoked.contains(clientId) && !"refresh_token".equals(form.get("grant_type"))) {
            throw error(401, "invalid_client", 7000222, "The provided client secret keys are expired.")
                    .refused();
        }
        String secret = form.get("client_secret");
        String assertion = form.get("client_assertion");
        if (secret != null) {
            if (app.hasExpiredSecret(secret)) {
                throw error(401, "invalid_client", 7000222, "The provided client secret keys are expired.")
                        .refused();
            }
            if (!app.hasSecret(secret)) {
                throw error(401, "invalid_client", 7000215, "Invalid client secret provided.")
                        .refused();
            }
        } else if (assertion != null) {
            if (!ASSERTION_TYPE.equals(form.get("client_assertion_type"))) {
                throw error(400, "invalid_request", 900144, "The client_assertion_type is missing or unknown.")
                        .refused();
            }
            checkAssertion(request, app, assertion);
        } else {
            throw error(
                            401,
                            "invalid_client",
                            7000218,
                            "The request body must contain client_assertion or client_secret.")
                    .refused();
        }
        return app;
    }

    private void checkAssertion(SimulatorRequest request, EntraApp app, String assertion) {
        try {
            SignedJWT jwt = SignedJWT.parse(assertion);
            JWSAlgorithm algorithm = jwt.getHeader().getAlgorithm();
            if (!algorithm.equals(JWSAlgorithm.PS256) && !algorithm.equals(JWSAlgorithm.RS256)) {
                throw wrongAssertion("algorithm " + algorithm);
            }
            Map<String, Object> header = jwt.getHeader().toJSONObject();
            if (!"JWT".equals(header.get("typ"))) {
                throw wrongAssertion("no typ JWT");
            }
            X509Certificate certificate = app.certificates().stream()
                    .filter(candidate -> isNamedBy(header, candidate))
                    .findFirst()
                    .orElseThrow(() -> wrongAssertion("no registered certificate has this thumbprint"));
            if (!(certificate.getPublicKey() instanceof RSAPublicKey key) || !jwt.verify(new RSASSAVerifier(key))) {
                throw wrongAssertion("the signature does not fit");
            }
            checkClaims(request, app, jwt.getJWTClaimsSet());
        } catch (ParseException | JOSEException malformed) {
            throw wrongAssertion("it is malformed");
        }
    }

    private void checkClaims(SimulatorRequest request, EntraApp app, JWTClaimsSet claims) {
        Instant now = Instant.now();
        List<String> endpoints = List.of(
                server.url() + request.path(),
                "http://" + request.header("Host").orElse("") + request.path());
        if (claims.getAudience().size() != 1
                || !endpoints.contains(claims.getAudience().get(0))) {
            throw wrongAssertion("aud is not the token endpoint");
        }
        if (!app.clientId().equals(claims.getIssuer()) || !app.clientId().equals(claims.getSubject())) {
            throw wrongAssertion("iss and sub are not the application");
        }
        if (claims.getJWTID() == null || claims.getNotBeforeTime() == null || claims.getExpirationTime() == null) {
            throw wrongAssertion("jti, nbf or exp is missing");
        }
        Date notBefore = claims.getNotBeforeTime();
        Date end = claims.getExpirationTime();
        if (notBefore.toInstant().isAfter(now.plus(CLOCK_SKEW))
                || end.toInstant().isBefore(now.minus(CLOCK_SKEW))) {
            throw wrongAssertion("it is not valid now");
        }
        if (Duration.between(notBefore.toInstant(), end.toInstant()).compareTo(LONGEST_ASSERTION) > 0) {
            server.log().breakRule("a client assertion that lives longer than ten minutes");
        }
    }

    private static boolean isNamedBy(Map<String, Object> header, X509Certificate certificate) {
        return thumbprint(certificate, "SHA-256").equals(header.get("x5t#S256"))
                || thumbprint(certificate, "SHA-1").equals(header.get("x5t"));
    }

    private static String thumbprint(X509Certificate certificate, String algorithm) {
        try {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static SimulatorAnswer.RefusedException wrongAssertion(String why) {
        return error(401, "invalid_client", 700027, "The client assertion was refused: " + why + ".")
                .refused();
    }

    private static String audience(Map<String, String> form, Version version) {
        if (version == Version.V1) {
            return required(form, "resource");
        }
        List<String> resources = Arrays.stream(required(form, "scope").split(" "))
                .filter(scope -> !SIGN_IN_SCOPES.contains(scope))
                .toList();
        if (resources.size() != 1 || !resources.get(0).endsWith(DEFAULT_SCOPE)) {
            throw error(400, "invalid_scope", 70011, "The scope must be one resource followed by /.default.")
                    .refused();
        }
        String scope = resources.get(0);
        return scope.substring(0, scope.length() - DEFAULT_SCOPE.length());
    }

    private void checkAudience(EntraApp app, String audience) {
        if (!app.hasAudience(audience)) {
            if (apps.values().stream().anyMatch(other -> other.hasAudience(audience))) {
                throw error(400, "invalid_grant", 65001, "Nobody has consented to the use of '" + audience + "'.")
                        .refused();
            }
            throw error(400, "invalid_resource", 500011, "The resource principal '" + audience + "' was not found.")
                    .refused();
        }
    }

    private RefreshToken use(EntraApp app, String value) {
        RefreshToken token = refreshTokens.get(value);
        if (token == null || !token.clientId().equals(app.clientId())) {
            throw error(400, "invalid_grant", 9002313, "The refresh token is malformed or of another application.")
                    .refused();
        }
        if (revoked.contains(app.clientId())) {
            throw error(400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked.")
                    .refused();
        }
        if (token.expires().isBefore(Instant.now())) {
            throw error(400, "invalid_grant", 700082, "The refresh token has expired.")
                    .refused();
        }
        return token;
    }

    private String rotate(RefreshToken used, Map<String, String> form) {
        String fresh = randomText();
        Instant end = Instant.now().plus(rotatedTokenLifetime);
        refreshTokens.put(fresh, new RefreshToken(used.clientId(), used.user(), Instant.MAX));
        refreshTokens.computeIfPresent(
                required(form, "refresh_token"),
                (value, old) -> old.expires().isBefore(end) ? old : new RefreshToken(old.clientId(), old.user(), end));
        return fresh;
    }

    private SimulatorAnswer answer(Token token, String refreshToken, Version version) {
        long lifetime = tokenLifetime.toSeconds();
        JsonObjectBuilder body = JSON.createObjectBuilder().add("token_type", "Bearer");
        if (version == Version.V1) {
            long expires = token.expires().getEpochSecond();
            // v1 writes its numbers as text.
            body.add("scope", "user_impersonation")
                    .add("expires_in", Long.toString(lifetime))
                    .add("ext_expires_in", Long.toString(lifetime))
                    .add("expires_on", Long.toString(expires))
                    .add("not_before", Long.toString(expires - lifetime))
                    .add("resource", token.audience());
        } else {
            if (token.hasUser()) {
                body.add("scope", token.audience() + "/user_impersonation");
            }
            body.add("expires_in", lifetime).add("ext_expires_in", lifetime);
        }
        body.add("access_token", token.value());
        if (!refreshToken.isEmpty()) {
            body.add("refresh_token", refreshToken);
        }
        return SimulatorAnswer.json(200, body.build())
                .withHeader("Cache-Control", "no-store, no-cache")
                .withHeader("Pragma", "no-cache");
    }

    private static String required(Map<String, String> form, String name) {
        String value = form.get(name);
        if (value == null || value.isEmpty()) {
            throw error(400, "invalid_request", 900144, "The request body must contain the parameter '" + name + "'.")
                    .refused();
        }
        return value;
    }

    private static SimulatorAnswer error(int status, String error, int code, String description) {
        String trace = UUID.randomUUID().toString();
        String correlation = UUID.randomUUID().toString();
        String time = ENTRA_TIME.format(Instant.now());
        return SimulatorAnswer.json(
                status,
                JSON.createObjectBuilder()
                        .add("error", error)
                        .add(
                                "error_description",
                                "AADSTS" + code + ": " + description + " Trace ID: " + trace + " Correlation ID: "
                                        + correlation + " Timestamp: " + time)
                        .add("error_codes", JSON.createArrayBuilder().add(code))
                        .add("timestamp", time)
                        .add("trace_id", trace)
                        .add("correlation_id", correlation)
                        .build());
    }

    private JsonValue shown() {
        JsonArrayBuilder shown = JSON.createArrayBuilder();
        apps.values()
                .forEach(app -> shown.add(JSON.createObjectBuilder()
                        .add("clientId", app.clientId())
                        .add("audiences", JSON.createArrayBuilder(app.audiences()))
                        .add("revoked", revoked.contains(app.clientId()))
                        .add(
                                "tokens",
                                tokens.values().stream()
                                        .filter(token -> token.clientId().equals(app.clientId()))
                                        .count())));
        return JSON.createObjectBuilder()
                .add("tenant", tenant)
                .add("applications", shown)
                .build();
    }

    private String randomText() {
        byte[] bytes = new byte[36];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private enum Version {
        /** {@code resource}, numbers as text. */
        V1,
        /** {@code scope}, numbers as numbers. */
        V2
    }

    /**
     * An access token.
     *
     * @param value the bearer text
     * @param audience what it is for
     * @param clientId the application it was issued to
     * @param user on whose behalf, empty for the application itself
     * @param expires when it ends
     */
    public record Token(String value, String audience, String clientId, String user, Instant expires) {
        /** Whether it is for a user (App+User) rather than for the application itself. */
        public boolean hasUser() {
            return !user.isEmpty();
        }

        @Override
        public String toString() {
            return "token of " + clientId + " for " + audience;
        }
    }

    private record RefreshToken(String clientId, String user, Instant expires) {}
}
