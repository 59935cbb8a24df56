package org.cosellbridge.access;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.RefusalCounts;
import org.cosellbridge.platform.Problem;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a call from its method, path and login, and counts what is refused. The one place where that happens; the filter only
 * carries it out.
 */
@Singleton
class Access {
    static final String CHALLENGE = "Basic realm=\"Cosell Bridge\", charset=\"UTF-8\"";

    private final Logins logins;
    private final RefusalCounts refusals;

    @Inject
    Access(Logins logins, RefusalCounts refusals) {
        this.logins = logins;
        this.refusals = refusals;
    }

    /**
     * What to do with a call.
     *
     * @param method its HTTP method
     * @param path its path below {@code /cosell/api}, not decoded
     * @param authorization its Authorization header, null when it has none
     * @param source the address it comes from
     */
    AccessDecision decide(String method, String path, @Nullable String authorization, String source) {
        AccessRule rule = AccessRule.of(method, path);
        if (rule instanceof AccessRule.Open) {
            return new AccessDecision.PassUnknown();
        }
        if (!(rule instanceof AccessRule.Needs needs)) {
            return refuse(
                    "path",
                    source,
                    Problem.of(
                                    Response.Status.BAD_REQUEST,
                                    "The path holds characters or segments that no address here has.")
                            .response());
        }
        if (authorization == null) {
            return refuse("no-login", source, challenge("This address needs a login (HTTP Basic)."));
        }
        Optional<BasicLogin> login = BasicLogin.find(authorization);
        if (login.isEmpty()) {
            return refuse("wrong-login", source, challenge("The login could not be read. It must be HTTP Basic."));
        }
        LoginVerdict verdict = logins.check(login.get().name, login.get().password, source);
        if (verdict instanceof LoginVerdict.TooMany tooMany) {
            Response response = Problem.of(
                            Response.Status.TOO_MANY_REQUESTS,
                            "There were too many wrong logins. Wait, then try again.")
                    .response();
            response.getHeaders()
                    .putSingle(HttpHeaders.RETRY_AFTER, tooMany.retryAfter().toSeconds() + 1);
            return refuse("too-many-logins", source, response);
        }
        if (!(verdict instanceof LoginVerdict.Accepted accepted)) {
            return refuse("wrong-login", source, challenge("Name or password is wrong."));
        }
        if (!accepted.user().role().includes(needs.role())) {
            return refuse(
                    "role",
                    source,
                    Problem.of(
                                    Response.Status.FORBIDDEN,
                                    "This needs the role " + needs.role().word() + ".")
                            .response());
        }
        return new AccessDecision.PassAs(accepted.user());
    }

    private AccessDecision refuse(String reason, String source, Response response) {
        refusals.refused(AuditKind.ACCESS_REFUSED, reason, source);
        return new AccessDecision.Refuse(response);
    }

    private static Response challenge(String detail) {
        Response response = Problem.of(Response.Status.UNAUTHORIZED, detail).response();
        response.getHeaders().putSingle(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE);
        return response;
    }

    /** Name and password of a Basic Authorization header. Never shown. */
    private static final class BasicLogin {
        private final String name;
        private final String password;

        private BasicLogin(String name, String password) {
            this.name = name;
            this.password = password;
        }

        static Optional<BasicLogin> find(String header) {
            if (!header.regionMatches(true, 0, "Basic ", 0, 6)) {
                return Optional.empty();
            }
            try {
                byte[] bytes = Base64.getDecoder().decode(header.substring(6).strip());
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
                int colon = text.indexOf(':');
                return colon < 0
                        ? Optional.empty()
                        : Optional.of(new BasicLogin(text.substring(0, colon), text.substring(colon + 1)));
            } catch (IllegalArgumentException | CharacterCodingException unreadable) {
                return Optional.empty();
            }
        }
    }
}
