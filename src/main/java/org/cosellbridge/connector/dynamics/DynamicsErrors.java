package org.cosellbridge.connector.dynamics;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.cosellbridge.connector.ConnectorException;
import org.cosellbridge.connector.RecordGoneException;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RetryableException;
import org.cosellbridge.connector.ServerText;
import org.cosellbridge.connector.SetupException;
import org.cosellbridge.connector.StalePreconditionException;
import org.cosellbridge.connector.SyncTokenExpiredException;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.http.OutboundException;
import org.cosellbridge.http.RetryAfter;
import org.jspecify.annotations.Nullable;

/** What a failure of Dataverse means. Decided here and nowhere else, by the code in the body and then by the HTTP status. */
final class DynamicsErrors {
    private static final Duration DISABLED_PAUSE = Duration.ofMinutes(15);

    private static final Set<String> MISSING = Set.of("0x80040217", "0x80060891");
    private static final Set<String> DUPLICATE = Set.of("0x80060892", "0x80040237");
    private static final Set<String> THROTTLED = Set.of("0x80072321", "0x80072322", "0x80072326", "0x80072327");
    private static final Set<String> PASSING =
            Set.of("0x80040216", "0x80044150", "0x80044151", "0x80044339", "0x80154b53");
    private static final Set<String> CLOSED =
            Set.of("0x80040230", "0x8004022e", "0x80040515", "0x80040516", "0x8004051a");
    private static final Set<String> NO_PRIVILEGE = Set.of("0x80040220", "0x80040231", "0x80081018");
    private static final String NO_ACCESS_TO_ROW = "0x80048306";
    private static final String NO_APPLICATION_USER = "0x80072560";
    private static final String NO_LICENCE = "0x80050304";
    private static final String ORGANIZATION_DISABLED = "0x8004a104";
    private static final String KEY_NOT_DEFINED = "0x80060890";
    private static final String NO_OPTIMISTIC_CONCURRENCY = "0x8006088d";
    private static final String UNKNOWN_SET = "0x8006088a";
    private static final String UNKNOWN_PROPERTY = "0x0";
    private static final String WRONG_PAYLOAD = "0x80048d19";
    private static final String DUPLICATE_DETECTED = "0x80040333";
    private static final String BUSINESS_RULE = "0x80040265";
    private static final String TOKEN_EXPIRED = "0x80044352";

    private final String system;
    private final Clock clock;

    DynamicsErrors(String system, Clock clock) {
        this.system = system;
        this.clock = clock;
    }

    /**
     * An answer that is not a success.
     *
     * @param status the HTTP status
     * @param code the code in lower case, empty when the body has none
     * @param text the server's text
     * @param shown the same for people and the trail: without what was sent, addresses and numbers of phones, at most 300 characters
     */
    record Refusal(int status, String code, String text, String shown) {
        /** Reads the answer; gateways answer text or HTML, then there is no code. */
        static Refusal of(HttpAnswer answer) {
            return of(answer, List.of());
        }

        /** Reads the answer to a call that sent these values: they may be personal, and the server may quote them. */
        static Refusal of(HttpAnswer answer, Collection<JsonValue> sent) {
            try {
                JsonObject error = DynamicsJson.parse(answer.body()).getJsonObject("error");
                if (error != null) {
                    String message = text(error, "message");
                    return new Refusal(
                            answer.status(),
                            text(error, "code").toLowerCase(Locale.ROOT),
                            message,
                            ServerText.shown(message, sent));
                }
            } catch (JsonException | ClassCastException notDataverse) {
                // no code then; the status decides
            }
            return new Refusal(answer.status(), "", "", "");
        }

        private static String text(JsonObject error, String member) {
            return error.get(member) instanceof JsonString string ? string.getString() : "";
        }

        /** The addressed row does not exist. */
        boolean isMissing() {
            return status == 404 && MISSING.contains(code);
        }

        /** The addressed row exists but the connection's user may not see it. */
        boolean isHidden() {
            return status == 403 && NO_ACCESS_TO_ROW.equals(code);
        }

        /** The addressed row exists already, in answer to a call that may only create it. */
        boolean isExisting() {
            return status == 412 && !isDuplicate() && !DUPLICATE_DETECTED.equals(code);
        }

        /** Some unique value, the id or a key, belongs to another row already. */
        boolean isDuplicate() {
            return DUPLICATE.contains(code);
        }

        /** The row is closed, or was not in the state that the call needs. */
        boolean isClosed() {
            return CLOSED.contains(code);
        }

        private String quote() {
            String named = code.isEmpty() ? "HTTP " + status : "HTTP " + status + ", code " + code;
            return shown.isEmpty() ? " (" + named + ".)" : " Dynamics 365 says: \"" + shown + "\" (" + named + ".)";
        }
    }

    /**
     * What this answer means.
     *
     * @param ref the record that was addressed by its id, null when the call addressed none
     * @param guarded whether the call carried {@code If-Match}
     */
    ConnectorException from(HttpAnswer answer, @Nullable RecordRef ref, boolean guarded) {
        return from(answer, ref, guarded, List.of());
    }

    /** What this answer to a call that sent these values means. */
    ConnectorException from(HttpAnswer answer, @Nullable RecordRef ref, boolean guarded, Collection<JsonValue> sent) {
        Refusal refusal = Refusal.of(answer, sent);
        String code = refusal.code();
        if (answer.status() == 429 || THROTTLED.contains(code)) {
            return new RetryableException(
                    system,
                    "Dynamics 365 asks to slow down (service protection limit)." + refusal.quote(),
                    true,
                    retryAfter(answer).orElse(null),
                    null);
        }
        if (code.equals(ORGANIZATION_DISABLED)) {
            return new RetryableException(
                    system,
                    "The environment is disabled at present." + refusal.quote(),
                    true,
                    retryAfter(answer).orElse(clock.instant().plus(DISABLED_PAUSE)),
                    null);
        }
        if (PASSING.contains(code)) {
            return failed(refusal, answer, false);
        }
        if (CLOSED.contains(code)) {
            return new RejectedException(
                    system,
                    "The record" + named(ref) + " is closed or inactive and takes no changes. Reopen it in Dynamics 365"
                            + " to have them written." + refusal.quote());
        }
        if (DUPLICATE.contains(code)) {
            return new RejectedException(
                    system,
                    "Another record holds a unique value that was to be written" + (ref == null ? "" : " to " + ref)
                            + ". Change or clear it there." + refusal.quote());
        }
        return switch (code) {
            case NO_APPLICATION_USER ->
                setup(
                        "The application has no user in this environment. Create an application user for the client id and"
                                + " give it the security role.",
                        refusal);
            case NO_LICENCE -> setup("The environment's licence does not allow the call.", refusal);
            case KEY_NOT_DEFINED ->
                setup(
                        "The table lacks the alternate key on the Referral Identifier. Install the Partner Center section.",
                        refusal);
            case NO_OPTIMISTIC_CONCURRENCY ->
                setup("The table does not allow guarded writes. Enable optimistic concurrency for it.", refusal);
            case UNKNOWN_SET -> setup("A table that the mapping names does not exist in this environment.", refusal);
            case UNKNOWN_PROPERTY ->
                answer.status() == 400
                        ? setup(
                                "A column that the mapping names does not exist in this environment. Install the Partner"
                                        + " Center section or correct the mapping.",
                                refusal)
                        : byStatus(answer, refusal, ref, guarded);
            case WRONG_PAYLOAD ->
                refusal.text().contains("undeclared property")
                        ? setup(
                                "The mapping names a navigation property that this environment does not have. Names of"
                                        + " custom lookups keep the casing of the schema name.",
                                refusal)
                        : rejected("Dynamics 365 could not read the values.", refusal);
            case TOKEN_EXPIRED ->
                new SyncTokenExpiredException(system, "Dynamics 365 no longer knows the sync token." + refusal.quote());
            case BUSINESS_RULE -> rejected("A business rule in Dynamics 365 refused the change.", refusal);
            case DUPLICATE_DETECTED ->
                rejected("A duplicate detection rule in Dynamics 365 refused the record.", refusal);
            default ->
                NO_PRIVILEGE.contains(code)
                        ? setup("The application user's security role lacks a privilege.", refusal)
                        : byStatus(answer, refusal, ref, guarded);
        };
    }

    /** What this answer of a table's change feed means. A feed needs more rights than a read of a row does. */
    ConnectorException fromChangeFeed(HttpAnswer answer, String table) {
        Refusal refusal = Refusal.of(answer);
        return NO_PRIVILEGE.contains(refusal.code()) || refusal.isHidden()
                ? setup(
                        "Change tracking reads every row of the table " + table + ". Give the security role of the"
                                + " application user the Read privilege on it for the whole organization.",
                        refusal)
                : from(answer, null, false);
    }

    private ConnectorException byStatus(HttpAnswer answer, Refusal refusal, @Nullable RecordRef ref, boolean guarded) {
        int status = answer.status();
        if (status == 412 && guarded) {
            return new StalePreconditionException(system, "The record" + named(ref) + " changed since it was read.");
        }
        if (status == 404) {
            return missing(refusal, ref);
        }
        if (status == 401) {
            return setup(
                    "Dynamics 365 does not take the token, not even a fresh one. Check url, tenant-id and client-id.",
                    refusal);
        }
        if (status == 403) {
            return setup("Dynamics 365 forbids the call. Check the application user and its security role.", refusal);
        }
        if (status == 408 || status >= 500) {
            return status == 501
                    ? setup("This environment does not offer the operation.", refusal)
                    : failed(refusal, answer, status == 502 || status == 503);
        }
        if (status >= 300 && status < 400) {
            return setup(
                    "The environment URL answers with a redirection. Set it to the environment's own URL.", refusal);
        }
        return rejected("Dynamics 365 refused the change.", refusal);
    }

    private ConnectorException missing(Refusal refusal, @Nullable RecordRef ref) {
        if (!refusal.isMissing()) {
            return setup("The environment URL does not answer as Dynamics 365 does, or lacks the operation.", refusal);
        }
        // the text names the row that is missing; it may be one that the values refer to
        boolean another = ref != null
                && refusal.text().toLowerCase(Locale.ROOT).contains(" with id = ")
                && !refusal.text().toLowerCase(Locale.ROOT).contains(ref.id().toLowerCase(Locale.ROOT));
        return ref == null || another
                ? rejected("A record that the values refer to does not exist.", refusal)
                : new RecordGoneException(system, ref);
    }

    /** No answer came. */
    ConnectorException from(OutboundException failure) {
        if (failure instanceof OutboundException.SignInFailed signIn) {
            return new SetupException(system, sentence(signIn));
        }
        if (failure instanceof OutboundException.Refused refused) {
            return new RetryableException(system, sentence(refused), true, refused.notBefore(), refused);
        }
        return new RetryableException(system, sentence(failure), true, null, failure);
    }

    /** A success whose body cannot be understood. */
    ConnectorException unreadable(@Nullable Throwable cause) {
        return new RetryableException(
                system,
                "The answer is not what Dynamics 365 documents; a gateway may stand in between.",
                false,
                null,
                cause);
    }

    RejectedException rejected(String sentence) {
        return new RejectedException(system, sentence);
    }

    SyncTokenExpiredException expired(String sentence) {
        return new SyncTokenExpiredException(system, sentence);
    }

    SetupException setup(String sentence) {
        return new SetupException(system, sentence);
    }

    StalePreconditionException stale(RecordRef ref) {
        return new StalePreconditionException(system, "The record" + named(ref) + " changed since it was read.");
    }

    RecordGoneException gone(RecordRef ref) {
        return new RecordGoneException(system, ref);
    }

    private SetupException setup(String sentence, Refusal refusal) {
        return new SetupException(system, sentence + refusal.quote());
    }

    private RejectedException rejected(String sentence, Refusal refusal) {
        return new RejectedException(system, sentence + refusal.quote());
    }

    private RetryableException failed(Refusal refusal, HttpAnswer answer, boolean systemWide) {
        return new RetryableException(
                system,
                "Dynamics 365 could not do it now." + refusal.quote(),
                systemWide,
                retryAfter(answer).orElse(null),
                null);
    }

    private Optional<Instant> retryAfter(HttpAnswer answer) {
        return RetryAfter.notBefore(answer, clock);
    }

    private static String named(@Nullable RecordRef ref) {
        return ref == null ? "" : " " + ref;
    }

    private static String sentence(OutboundException failure) {
        String message = failure.getMessage();
        return message == null ? "No answer came." : message;
    }
}
