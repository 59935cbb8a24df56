package org.cosellbridge.connector.partnercenter;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.OutboundException;
import org.cosellbridge.http.RetryAfter;
import org.jspecify.annotations.Nullable;

/** Decides in one place what an answer of the referrals API, or none, means. Branches on status and codes, never on texts. */
@Singleton
class PartnerCenterErrors {
    private static final String SYSTEM = PartnerCenterConnector.SYSTEM;
    private static final int LONGEST_MESSAGE = 300;
    private static final Set<String> STALE = Set.of("preconditionfailed", "resourcemodified");
    private static final String HIDDEN = "…";
    private static final Pattern EMAIL = Pattern.compile("[\\w.%+'-]+@[\\w.-]+\\w");
    private static final Pattern PHONE =
            Pattern.compile("(?<![0-9A-Za-z-])\\+?\\(?\\d[\\d ()/.-]{5,}\\d(?![0-9A-Za-z-])");

    private final Clock clock;

    @Inject
    PartnerCenterErrors(Clock clock) {
        this.clock = clock;
    }

    /** What it means that no answer came. */
    ConnectorException of(OutboundException failed) {
        if (failed instanceof OutboundException.Refused refused) {
            return refused.ownLimit()
                    ? RetryableException.ownLimit(SYSTEM, message(failed), refused.notBefore(), failed)
                    : new RetryableException(SYSTEM, message(failed), true, refused.notBefore(), failed);
        }
        if (failed instanceof OutboundException.SignInFailed) {
            return new SetupException(SYSTEM, message(failed));
        }
        return new RetryableException(SYSTEM, message(failed), true, null, failed);
    }

    private static String message(OutboundException failed) {
        return String.valueOf(failed.getMessage());
    }

    /**
     * What an answer means that is not the one hoped for.
     *
     * @param ref the referral the call was about, null for lists and creates
     * @param sent what was sent; its personal values are struck out of the server's message
     */
    ConnectorException of(HttpAnswer answer, @Nullable RecordRef ref, JsonValue sent) {
        Reason reason = Reason.of(answer);
        String what = ref == null ? "the call" : ref.toString();
        int status = answer.status();
        if (status == 401) {
            return new SetupException(
                    SYSTEM,
                    "Partner Center does not accept the token (401). Check that the app registration has the delegated"
                            + " permissions with consent and that the refresh token comes from a sign-in with"
                            + " multi-factor authentication.");
        }
        if (status == 403) {
            return new SetupException(
                    SYSTEM,
                    "Partner Center denies access to " + what
                            + " (403). The account of the refresh token needs the Referrals admin role.");
        }
        if (status == 404 || status == 410) {
            return ref != null
                    ? new RecordGoneException(SYSTEM, ref)
                    : new SetupException(
                            SYSTEM,
                            "There is no referrals API at the configured address (" + status
                                    + "). Check cosell.partner-center.referrals-url.");
        }
        if (status == 412 || STALE.contains(reason.code().toLowerCase(Locale.ROOT))) {
            return new StalePreconditionException(SYSTEM, "Partner Center has a newer version of " + what + ".");
        }
        if (status == 429 || status == 503) {
            return new RetryableException(
                    SYSTEM,
                    status == 429
                            ? "Partner Center asked to be called less often (429)."
                            : "Partner Center is not available (503).",
                    true,
                    RetryAfter.notBefore(answer, clock).orElse(null),
                    null);
        }
        if (status >= 500 || status == 408 || status == 409 || status == 423) {
            return new RetryableException(
                    SYSTEM,
                    "Partner Center answered " + status + reason.inBrackets() + " to " + what + ".",
                    false,
                    null,
                    null);
        }
        if (status >= 300 && status < 400) {
            return new SetupException(
                    SYSTEM, "Partner Center redirects (" + status + "). Check cosell.partner-center.referrals-url.");
        }
        return new RejectedException(
                SYSTEM,
                cut("Partner Center refused " + what + " (" + status + ")" + reason.inBrackets() + ": "
                        + cleaned(reason.message(), sent)));
    }

    /** A success whose body is not what it must be, such as a gateway's page. */
    ConnectorException unreadable(String what) {
        return new RetryableException(
                SYSTEM, "The answer of Partner Center to " + what + " cannot be read.", false, null, null);
    }

    private static String cleaned(String message, JsonValue sent) {
        if (message.isBlank()) {
            return "it gave no reason.";
        }
        String clean = message;
        List<String> personal = new ArrayList<>();
        collect(sent, false, personal);
        for (String value : personal) {
            clean = clean.replace(value, HIDDEN);
        }
        clean = EMAIL.matcher(clean).replaceAll(HIDDEN);
        clean = PHONE.matcher(clean).replaceAll(HIDDEN);
        return clean.replaceAll("\\s+", " ").trim();
    }

    private static void collect(JsonValue value, boolean personal, List<String> into) {
        if (value instanceof JsonString text) {
            // Short values (a country, a state) would strike out parts of ordinary words.
            if (personal && text.getString().length() > 2) {
                into.add(text.getString());
            }
        } else if (value instanceof JsonArray array) {
            array.forEach(item -> collect(item, personal, into));
        } else if (value instanceof JsonObject object) {
            // An operation of a patch names its target in a member; a referral has it as a member.
            boolean operation = object.get("path") instanceof JsonString path
                    && isPersonal(path.getString().substring(1));
            object.forEach((name, member) ->
                    collect(member, personal || isPersonal(name) || (operation && name.equals("value")), into));
        }
    }

    private static boolean isPersonal(String path) {
        return path.equals("team")
                || path.startsWith("team/")
                || path.equals("customerProfile")
                || path.startsWith("customerProfile/");
    }

    private static String cut(String message) {
        return message.length() <= LONGEST_MESSAGE ? message : message.substring(0, LONGEST_MESSAGE - 1) + HIDDEN;
    }

    /**
     * What an error body says; empty where it is none, as with a gateway's page.
     *
     * @param code the innermost code
     * @param target which part of the request it is about
     * @param message the outermost message
     */
    private record Reason(String code, String target, String message) {
        static Reason of(HttpAnswer answer) {
            try (JsonReader reader = Json.createReader(new ByteArrayInputStream(answer.body()))) {
                if (reader.readValue() instanceof JsonObject body && body.get("error") instanceof JsonObject error) {
                    return new Reason(innermostCode(error), text(error, "target"), text(error, "message"));
                }
            } catch (JsonException notJson) {
                // falls through: a body that is no error body says nothing
            }
            return new Reason("", "", "");
        }

        private static String innermostCode(JsonObject error) {
            for (String name : List.of("innerError", "innererror")) {
                if (error.get(name) instanceof JsonObject inner) {
                    String code = innermostCode(inner);
                    if (!code.isEmpty()) {
                        return code;
                    }
                }
            }
            return text(error, "code");
        }

        private static String text(JsonObject object, String name) {
            return object.get(name) instanceof JsonString text ? text.getString() : "";
        }

        String inBrackets() {
            String both = (plain(code) + " " + plain(target)).trim();
            return both.isEmpty() ? "" : " [" + both + "]";
        }

        private static String plain(String text) {
            return text.matches("[\\w./\\[\\]-]{1,80}") ? text : "";
        }
    }
}
