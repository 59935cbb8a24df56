package org.cosellbridge.connector.salesforce;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

/**
 * What a failure of Salesforce means. Decided here and nowhere else, by the error code in the body and then by the HTTP status,
 * which differs between sources for one and the same code.
 */
final class SalesforceErrors {
    /** Nothing tells when calls are allowed again after the limit of 24 hours is used up. */
    static final Duration LIMIT_PAUSE = Duration.ofMinutes(15);

    private static final Duration CONCURRENT_PAUSE = Duration.ofSeconds(30);
    private static final Duration APPROVAL_PAUSE = Duration.ofMinutes(10);

    private static final String SESSION = "INVALID_SESSION_ID";
    private static final String LIMIT = "REQUEST_LIMIT_EXCEEDED";
    private static final String ROW_LOCK = "UNABLE_TO_LOCK_ROW";
    private static final String DELETED = "ENTITY_IS_DELETED";
    private static final String MISSING = "NOT_FOUND";
    private static final String UNIQUE = "DUPLICATE_VALUE";
    private static final String DUPLICATE_RULE = "DUPLICATES_DETECTED";
    private static final String LOCATOR = "INVALID_QUERY_LOCATOR";

    private static final Set<String> PASSING = Set.of("UNKNOWN_EXCEPTION", "QUERY_TIMEOUT", ROW_LOCK);
    private static final Set<String> TOKEN_EXPIRED = Set.of(LOCATOR, "INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT");

    private static final Map<String, String> SET_UP = Map.ofEntries(
            Map.entry(
                    SESSION,
                    "Salesforce does not take the session, not even a fresh one. Check the app's policies, its scope 'api' and"
                            + " the integration user."),
            Map.entry("INVALID_AUTH_HEADER", "Salesforce does not take the session. Check url and the login host."),
            Map.entry("API_DISABLED_FOR_ORG", "The API is not enabled for this org or for the integration user."),
            Map.entry("API_CURRENTLY_DISABLED", "The API is not enabled for this org or for the integration user."),
            Map.entry("INSUFFICIENT_ACCESS", "The integration user lacks a permission."),
            Map.entry("INSUFFICIENT_ACCESS_OR_READONLY", "The integration user may not change the record."),
            Map.entry(
                    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                    "The integration user may not use a record that the values refer to."),
            Map.entry(
                    "INVALID_FIELD",
                    "A field that the mapping names does not exist in this org, or the integration user may not see it. Install"
                            + " the Partner Center section, grant access to its fields, or correct the mapping."),
            Map.entry(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    "A field that the mapping names cannot be written, or the integration user may not edit it. Grant edit"
                            + " access to it or correct the mapping."),
            Map.entry(
                    "INVALID_TYPE",
                    "An object that the mapping names does not exist in this org, or the integration user may not see it."),
            Map.entry("STORAGE_LIMIT_EXCEEDED", "The org's storage is full."),
            Map.entry(
                    "UNSUPPORTED_API_VERSION", "Salesforce does not offer this version of its API: set api-version."));

    private static final Map<String, String> REJECTED = Map.ofEntries(
            Map.entry("MALFORMED_ID", "An id among the values is none of Salesforce's."),
            Map.entry("JSON_PARSER_ERROR", "Salesforce could not read the values."),
            Map.entry("MALFORMED_QUERY", "Salesforce could not read the query."),
            Map.entry("QUERY_TOO_COMPLICATED", "The query is too complicated for Salesforce."),
            Map.entry("REQUIRED_FIELD_MISSING", "A field that Salesforce requires has no value."),
            Map.entry("STRING_TOO_LONG", "A text is too long for its field in Salesforce."),
            Map.entry("INVALID_EMAIL_ADDRESS", "An e-mail address is none for Salesforce."),
            Map.entry("NUMBER_OUTSIDE_VALID_RANGE", "A number is too large or too small for its field in Salesforce."),
            Map.entry(
                    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                    "A value is none of its picklist in Salesforce. Add it there or correct the mapping's value table."),
            Map.entry(
                    "INVALID_CROSS_REFERENCE_KEY",
                    "A record that the values refer to does not exist, or is not allowed."),
            Map.entry("FIELD_INTEGRITY_EXCEPTION", "Values do not fit together in Salesforce."),
            Map.entry("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A validation rule in Salesforce refused the change."),
            Map.entry("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "A trigger or flow in Salesforce failed at the change."),
            Map.entry("CANNOT_EXECUTE_FLOW_TRIGGER", "A flow in Salesforce failed at the change."),
            Map.entry("CANNOT_UPDATE_CONVERTED_LEAD", "The lead is converted and takes no changes any more."));

    private final String system;
    private final Clock clock;

    SalesforceErrors(String system, Clock clock) {
        this.system = system;
        this.clock = clock;
    }

    /**
     * An answer that is not a success.
     *
     * @param status the HTTP status
     * @param code the error code, empty when the body has none
     * @param text the server's text
     * @param shown the same for people and the trail
     * @param rule the duplicate rule that was hit and what its admin says, for people; else empty
     */
    record Refusal(int status, String code, String text, String shown, String rule) {
        /** Reads the answer: a list of errors, one error, or a gateway's page. */
        static Refusal of(HttpAnswer answer) {
            return of(answer, List.of());
        }

        /** Reads the answer to a call that sent these values: they may be personal, and the server may quote them. */
        static Refusal of(HttpAnswer answer, Collection<JsonValue> sent) {
            try {
                JsonValue body = SalesforceJson.parse(answer.body());
                JsonObject error = body instanceof JsonObject object
                        ? object
                        : SalesforceJson.objects(body).stream().findFirst().orElse(JsonValue.EMPTY_JSON_OBJECT);
                String message = SalesforceJson.text(error, "message");
                return new Refusal(
                        answer.status(),
                        SalesforceJson.text(error, "errorCode"),
                        message,
                        ServerText.shown(message, sent),
                        rule(error, sent));
            } catch (JsonException notSalesforce) {
                return new Refusal(answer.status(), "", "", "", "");
            }
        }

        private static String rule(JsonObject error, Collection<JsonValue> sent) {
            if (!(error.get("duplicateResult") instanceof JsonObject result)) {
                return "";
            }
            String name = SalesforceJson.text(result, "duplicateRule");
            String told = SalesforceJson.text(result, "errorMessage");
            return (name.isEmpty() ? "" : " '" + ServerText.shown(name, List.of()) + "'")
                    + (told.isEmpty() ? "" : ", which says: \"" + ServerText.shown(told, sent) + "\"");
        }

        /** The session is over or was never valid; nothing was done. */
        boolean isSession() {
            return code.equals(SESSION) || (status == 401 && code.isEmpty());
        }

        /** Some unique value belongs to another record already. */
        boolean isTaken() {
            return code.equals(UNIQUE);
        }

        /** The org allows no more calls. */
        boolean isLimit() {
            return code.equals(LIMIT);
        }

        /** The place in a list of pages is forgotten. */
        boolean isLocator() {
            return code.equals(LOCATOR);
        }

        private String quote() {
            String named = code.isEmpty() ? "HTTP " + status : code;
            return shown.isEmpty() ? " (" + named + ".)" : " Salesforce says: \"" + shown + "\" (" + named + ".)";
        }
    }

    /**
     * What this answer means.
     *
     * @param ref the record that was addressed by its id, null when the call addressed none
     */
    ConnectorException from(HttpAnswer answer, @Nullable RecordRef ref) {
        return from(answer, ref, List.of());
    }

    /** What this answer to a call that sent these values means. */
    ConnectorException from(HttpAnswer answer, @Nullable RecordRef ref, Collection<JsonValue> sent) {
        Refusal refusal = Refusal.of(answer, sent);
        String code = refusal.code();
        if (refusal.isLimit()) {
            return new RetryableException(
                    system,
                    "Salesforce takes no more calls of this org for now." + refusal.quote(),
                    true,
                    clock.instant().plus(pause(refusal)),
                    null);
        }
        if (answer.status() == 429) {
            return new RetryableException(
                    system,
                    "Salesforce asks to slow down." + refusal.quote(),
                    true,
                    retryAfter(answer).orElse(null),
                    null);
        }
        // a trigger that met the lock tells so in its own error
        if (PASSING.contains(code) || refusal.text().contains(ROW_LOCK)) {
            return failed(refusal, answer, false);
        }
        if (code.equals("SERVER_UNAVAILABLE")) {
            return failed(refusal, answer, true);
        }
        if (code.equals("ENTITY_IS_LOCKED")) {
            return new RetryableException(
                    system,
                    "The record" + named(ref) + " is locked, as by an approval process." + refusal.quote(),
                    false,
                    clock.instant().plus(APPROVAL_PAUSE),
                    null);
        }
        if (TOKEN_EXPIRED.contains(code)) {
            return new SyncTokenExpiredException(system, "Salesforce does not go on from there." + refusal.quote());
        }
        if (code.equals(UNIQUE)) {
            return new RejectedException(
                    system,
                    "Another record holds a unique value that was to be written" + (ref == null ? "" : " to " + ref)
                            + ". Change or clear it there." + refusal.quote());
        }
        if (code.equals(DUPLICATE_RULE)) {
            return rejected(
                    "The duplicate rule" + refusal.rule()
                            + " refused the record. Find the record it means: correct or merge"
                            + " it so that it is found, or let the rule allow what the integration user saves.",
                    refusal);
        }
        if (code.equals(DELETED) || code.equals(MISSING)) {
            return missing(refusal, ref);
        }
        String setUp = SET_UP.get(code);
        if (setUp != null) {
            return setup(setUp, refusal);
        }
        String rejected = REJECTED.get(code);
        return rejected != null ? rejected(rejected, refusal) : byStatus(answer, refusal, ref);
    }

    /** For how long to stay away after the org allowed no more calls. */
    Duration pause(Refusal refusal) {
        // the limit on long calls at the same time passes by itself
        return refusal.text().toLowerCase(Locale.ROOT).contains("concurrent") ? CONCURRENT_PAUSE : LIMIT_PAUSE;
    }

    private ConnectorException byStatus(HttpAnswer answer, Refusal refusal, @Nullable RecordRef ref) {
        int status = answer.status();
        return switch (status) {
            case 300 -> rejected("Several records carry the same key. Clear it on those that do not belong.", refusal);
            case 401 -> setup(SET_UP.getOrDefault(SESSION, ""), refusal);
            case 403 -> setup("Salesforce forbids the call. Check the integration user's permissions.", refusal);
            // a gateway's page says nothing of the record
            case 404 -> missing(refusal, null);
            case 410 -> setup("Salesforce does not offer this version of its API: set api-version.", refusal);
            case 412 -> ref == null ? rejected("Salesforce refused a precondition.", refusal) : stale(ref);
            // 420 comes from the edge in front of the org
            case 408, 420, 500 -> failed(refusal, answer, false);
            default ->
                status > 500
                        ? failed(refusal, answer, true)
                        : status > 300 && status < 400
                                ? setup(
                                        "The address answers with a redirection. Set url to the org's My Domain URL.",
                                        refusal)
                                : rejected("Salesforce refused the change.", refusal);
        };
    }

    private ConnectorException missing(Refusal refusal, @Nullable RecordRef ref) {
        if (ref != null) {
            return new RecordGoneException(system, ref);
        }
        return refusal.code().equals(DELETED)
                ? rejected("A record that the values refer to is deleted.", refusal)
                : setup(
                        "The address does not answer as Salesforce does, or lacks an object. Check url and mapping.",
                        refusal);
    }

    /** No answer came. */
    ConnectorException from(OutboundException failure) {
        String message = failure.getMessage();
        String sentence = message == null ? "No answer came." : message;
        if (failure instanceof OutboundException.SignInFailed) {
            return new SetupException(system, sentence);
        }
        if (failure instanceof OutboundException.Refused refused) {
            return new RetryableException(system, sentence, true, refused.notBefore(), refused);
        }
        return new RetryableException(system, sentence, true, null, failure);
    }

    /** A success whose body cannot be understood. */
    ConnectorException unreadable(@Nullable Throwable cause) {
        return new RetryableException(
                system,
                "The answer is not what Salesforce documents; a gateway may stand in between.",
                false,
                null,
                cause);
    }

    /** Somebody else wrote the record between our write and our look at it: nobody knows whose values those are. */
    RetryableException overtaken(RecordRef ref) {
        return new RetryableException(
                system,
                "The record " + ref
                        + " was changed by somebody else right after it was written; it is looked at again.",
                false,
                null,
                null);
    }

    /** The server stops while a call waits for its time. */
    RetryableException interrupted(InterruptedException stopped) {
        return new RetryableException(system, "The wait was interrupted.", false, null, stopped);
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
                "Salesforce could not do it now." + refusal.quote(),
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
}
