package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.JSON;
import static org.cosellbridge.simulator.JsonTree.at;
import static org.cosellbridge.simulator.JsonTree.text;
import static org.cosellbridge.simulator.JsonTree.with;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Microsoft Partner Center: the referral API, the webhook registration API and the dispatcher of webhook events, each as documented.
 * Both APIs are served under one address. Strict: it refuses what Microsoft refuses, counts missing headers and passed limits as broken
 * rules, and gives lists the misleading next links of the documentation.
 *
 * <p>Tests play Microsoft, and the partner's people in Partner Center's own pages, by {@link #create}, {@link #edit}, {@link #accept},
 * {@link #close(String, String, String)} and so on; each raises the events that such a change raises. Thread-safe.
 */
public final class PartnerCenterSimulator implements AutoCloseable {
    /** The audience of tokens for referrals. */
    public static final String REFERRALS_AUDIENCE = "https://api.partner.microsoft.com";

    /** The audience of tokens for the webhook registration. */
    public static final String WEBHOOKS_AUDIENCE = "https://api.partnercenter.microsoft.com";

    /** The partner's organisation. */
    public static final String ORGANIZATION = "6f3a3f0e-5d0a-4c7f-9a54-0a6f3f1f7c11";

    private static final String ORGANIZATION_NAME = "Our Co";
    private static final String REFERRALS = "/v1.0/engagements/referrals";
    private static final String REGISTRATION = "/webhooks/v1/registration";
    private static final String CERTIFICATE = "pcnotifications-dispatch.microsoft.com.cer";
    private static final String JSON_TYPE = "application/json";
    private static final Set<String> QUERY_OPTIONS = Set.of("$filter", "$orderby", "$select", "$top", "$skiptoken");
    private static final Pattern GUID =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final int PAGE = 100;
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int TESTS_PER_MINUTE = 2;

    private final SimulatorServer server;
    private final EntraSimulator entra;
    private final TestAuthority authority;
    private final ReferralStore store = new ReferralStore();
    private final ReferralRules rules;
    private final WebhookRegistrations registrations = new WebhookRegistrations();
    private final WebhookDispatcher dispatcher;
    private final Map<String, X509Certificate> published = new ConcurrentHashMap<>();
    private final Map<String, Continuation> continuations = new ConcurrentHashMap<>();
    private final Set<String> requestIds = ConcurrentHashMap.newKeySet();
    private final Map<String, UnaryOperator<JsonValue>> automations = new ConcurrentHashMap<>();
    private final SlidingLimit testLimit = new SlidingLimit(TESTS_PER_MINUTE, MINUTE);
    private volatile @Nullable SlidingLimit limit;
    private volatile int requestsPerMinute;
    private volatile int createStatus = 200;
    private volatile boolean linksAsDocumented = true;
    private volatile boolean allowsGreaterOrEqual;
    private volatile boolean servesPem;
    private volatile boolean relatedEventsCarryOwnId;
    private volatile Set<String> omittedInLists = Set.of();

    /** A Partner Center whose certificates come from an authority of its own. */
    public PartnerCenterSimulator(int port, EntraSimulator entra) {
        this(port, entra, new TestAuthority("Microsoft Corporation"));
    }

    /**
     * A Partner Center.
     *
     * @param port where to listen, 0 for any free port
     * @param entra who knows what a token is worth
     * @param authority who issues the certificate that signs deliveries
     */
    public PartnerCenterSimulator(int port, EntraSimulator entra, TestAuthority authority) {
        this.entra = entra;
        this.authority = authority;
        this.server = new SimulatorServer("Partner-Center", port)
                .refusal(PartnerCenterSimulator::refusal)
                .caller(PartnerCenterSimulator::caller)
                .objects(this::shown)
                .route("list referrals", "GET", REFERRALS, request -> onReferrals(request, () -> list(request)))
                .route("create referral", "POST", REFERRALS, request -> onReferrals(request, () -> post(request)))
                .route("get referral", "GET", REFERRALS + "/{id}", request -> onReferrals(request, () -> get(request)))
                .route(
                        "patch referral",
                        "PATCH",
                        REFERRALS + "/{id}",
                        request -> onReferrals(request, () -> patch(request)))
                .route("put referral", "PUT", REFERRALS + "/{id}", request -> onReferrals(request, () -> put(request)))
                .route(
                        "list webhook events",
                        "GET",
                        REGISTRATION + "/events",
                        request -> onWebhooks(request, registrations::listEvents))
                .route("view registration", "GET", REGISTRATION, request -> onWebhooks(request, registrations::view))
                .route(
                        "create registration",
                        "POST",
                        REGISTRATION,
                        request -> onWebhooks(request, () -> registrations.create(request)))
                .route(
                        "update registration",
                        "PUT",
                        REGISTRATION,
                        request -> onWebhooks(request, () -> registrations.replace(request)))
                .route(
                        "send test event",
                        "POST",
                        REGISTRATION + "/validationEvents",
                        request -> onWebhooks(request, this::sendTest))
                .route(
                        "view test event",
                        "GET",
                        REGISTRATION + "/validationEvents/{correlationId}",
                        request -> onWebhooks(
                                request,
                                () -> registrations.testResult(request.pathValue("correlationId"), ORGANIZATION)))
                .route("certificate", "GET", "/cert/{name}", this::certificate);
        this.rules = new ReferralRules(store, ORGANIZATION, ORGANIZATION_NAME, server.log()::breakRule);
        this.dispatcher =
                new WebhookDispatcher(registrations::target, this::certificateUrl, authority::issueDispatcher);
        requestsPerMinute(60);
    }

    /** Starts to answer. */
    public PartnerCenterSimulator start() {
        server.start();
        return this;
    }

    @Override
    public void close() {
        dispatcher.close();
        server.close();
    }

    /** The address of both APIs, without a slash at its end. */
    public URI url() {
        return server.url();
    }

    /** The server beneath: call log, faults, delays. */
    public SimulatorServer server() {
        return server;
    }

    /** Who sends the webhook events. */
    public WebhookDispatcher dispatcher() {
        return dispatcher;
    }

    /** Who issued the certificate that signs deliveries; its root belongs into a trust bundle. */
    public TestAuthority authority() {
        return authority;
    }

    /** The address of the certificate that signs deliveries. */
    public URI certificateUrl() {
        return URI.create(url() + "/cert/" + CERTIFICATE);
    }

    /** Serves one more certificate. Answers its address. */
    public URI publish(X509Certificate certificate) {
        String name = UUID.randomUUID() + ".cer";
        published.put(name, certificate);
        return URI.create(url() + "/cert/" + name);
    }

    /** How many referral calls any 60 seconds may have, 0 for no limit. Default 60. Starts a new count. */
    public PartnerCenterSimulator requestsPerMinute(int most) {
        requestsPerMinute = most;
        limit = most == 0 ? null : new SlidingLimit(most, MINUTE);
        return this;
    }

    /** The status of a create that worked, 200 or 201. Default 200. */
    public PartnerCenterSimulator createStatus(int status) {
        createStatus = status;
        return this;
    }

    /** Whether next links look as documented, with the wrong scheme, host and path. Default true. */
    public PartnerCenterSimulator linksAsDocumented(boolean documented) {
        linksAsDocumented = documented;
        return this;
    }

    /** Whether a filter may say {@code updatedDateTime ge}, which is not documented. Default false. */
    public PartnerCenterSimulator allowsGreaterOrEqual(boolean allowed) {
        allowsGreaterOrEqual = allowed;
        return this;
    }

    /** Whether certificates are served as PEM text instead of DER. Default false. */
    public PartnerCenterSimulator servesPem(boolean pem) {
        servesPem = pem;
        return this;
    }

    /** Whether related-referral events name the partner's own referral instead of the related one. Default false. */
    public PartnerCenterSimulator relatedEventsCarryOwnId(boolean own) {
        relatedEventsCarryOwnId = own;
        return this;
    }

    /** Members that rows of a list lack although a single read has them. Default none. */
    public PartnerCenterSimulator omitInLists(String... members) {
        omittedInLists = Set.of(members);
        return this;
    }

    /** Registers a receiver as the API would, for tests that are not about the registration. */
    public PartnerCenterSimulator register(URI webhook, boolean usesMsSignatureHeader) {
        registrations.register(
                webhook,
                List.of(
                        "referral-created",
                        "referral-updated",
                        "related-referral-created",
                        "related-referral-updated",
                        "test-created"),
                usesMsSignatureHeader);
        return this;
    }

    /** Removes the registration, which the real API does not offer. */
    public void removeRegistration() {
        registrations.remove();
    }

    // What Microsoft and people in Partner Center's pages do.

    /**
     * A referral comes into being, such as {@link ReferralFixtures} describe. Members it lacks are filled in. A shared one that
     * Microsoft sends has Microsoft's own referral beside it.
     *
     * @return its id
     */
    public String create(JsonObject referral) {
        return create(referral, true);
    }

    /** The same without events: it was there before anybody listened. */
    public String seed(JsonObject referral) {
        return create(referral, false);
    }

    private String create(JsonObject described, boolean tells) {
        synchronized (store) {
            boolean fromMicrosoft = ReferralRules.MICROSOFT.equals(
                    text(described, "/inviteContext/invitedBy/organizationId").orElse(""));
            JsonObject own = described;
            if (text(own, "/status").isEmpty()) {
                own = with(own, "/status", fromMicrosoft ? "New" : "Active");
                own = with(own, "/substatus", fromMicrosoft ? "Pending" : "Accepted");
            }
            if (own.getString("status").equals("New")) {
                own = with(own, "/expirationDateTime", ReferralRules.answerDeadline());
            } else {
                own = with(own, "/acceptedDateTime", store.now());
            }
            JsonObject saved = store.save(rules.complete(own, fromMicrosoft ? "Incoming" : "Outgoing"));
            tell(saved, "created", tells);
            if (fromMicrosoft && "Shared".equals(text(saved, "/type").orElse(""))) {
                JsonObject theirs = JsonTree.without(
                        saved, "id", "eTag", "createdDateTime", "expirationDateTime", "direction", "links");
                theirs = with(
                        with(theirs, "/organizationId", ReferralRules.MICROSOFT), "/organizationName", "Microsoft");
                theirs = with(with(theirs, "/status", "Active"), "/substatus", "Accepted");
                tell(store.save(rules.complete(theirs, "Outgoing")), "created", tells);
            }
            return ReferralStore.id(saved);
        }
    }

    /** Microsoft, or somebody in Partner Center, changes any field, such as {@code /details/notes}. */
    public JsonObject edit(String id, String path, JsonValue value) {
        return edit(id, referral -> with(referral, path, value));
    }

    /** The same with text. */
    public JsonObject edit(String id, String path, String value) {
        return edit(id, path, JSON.createValue(value));
    }

    /** The same with a number. */
    public JsonObject edit(String id, String path, long value) {
        return edit(id, path, JSON.createValue(value));
    }

    /** The same with any change. */
    public JsonObject edit(String id, UnaryOperator<JsonObject> change) {
        synchronized (store) {
            JsonObject saved = store.save(change.apply(referral(id)));
            tell(saved, "updated", true);
            return saved;
        }
    }

    /**
     * The organisation a new referral belongs to accepts it. When that is Microsoft, the deal gets its number in Microsoft's CRM, on
     * both referrals.
     */
    public JsonObject accept(String id) {
        synchronized (store) {
            JsonObject before = referral(id);
            if (!"New".equals(before.getString("status"))) {
                throw new IllegalStateException("Only a new referral is accepted.");
            }
            UnaryOperator<JsonObject> accepted = referral -> with(
                    with(
                            with(with(referral, "/status", "Active"), "/substatus", "Accepted"),
                            "/acceptedDateTime",
                            store.now()),
                    "/expirationDateTime",
                    JsonValue.NULL);
            boolean isMicrosofts = ReferralRules.MICROSOFT.equals(before.getString("organizationId"));
            boolean isCosell =
                    isMicrosofts || "Shared".equals(text(before, "/type").orElse(""));
            String number = "7-" + UUID.randomUUID().toString().substring(0, 8).toUpperCase(Locale.ROOT);
            UnaryOperator<JsonObject> numbered =
                    referral -> isCosell ? with(referral, "/trackingInfo/microsoftMsxId", number) : referral;
            JsonObject saved = edit(id, referral -> numbered.apply(accepted.apply(referral)));
            if (isMicrosofts) {
                store.listEngagement(before.getString("engagementId")).stream()
                        .filter(referral -> ORGANIZATION.equals(referral.getString("organizationId")))
                        .forEach(own -> edit(ReferralStore.id(own), numbered));
            }
            return saved;
        }
    }

    /**
     * Microsoft joins a deal that it was invited to.
     *
     * @param id of Microsoft's referral, of the partner's beside it, or of their engagement
     * @return Microsoft's referral, with its number in Microsoft's CRM, which the partner's has as well
     */
    public JsonObject acceptByMicrosoft(String id) {
        synchronized (store) {
            return accept(ReferralStore.id(microsofts(id)));
        }
    }

    /** Microsoft does not join a deal that it was invited to; {@code id} as for {@link #acceptByMicrosoft}. */
    public JsonObject declineByMicrosoft(String id, String reason) {
        synchronized (store) {
            return decline(ReferralStore.id(microsofts(id)), reason);
        }
    }

    private JsonObject microsofts(String id) {
        String engagement = store.find(id)
                .map(referral -> referral.getString("engagementId"))
                .orElse(id);
        return store.listEngagement(engagement).stream()
                .filter(referral -> ReferralRules.MICROSOFT.equals(referral.getString("organizationId")))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("Microsoft takes no part in " + id + "."));
    }

    /**
     * An automation at Partner Center: whenever a call writes this path, such as {@code /details/notes}, the value is changed at once
     * by an edit of its own, with its own eTag and event. The call is answered as if there were no automation.
     *
     * @param automation from the value that was written to the one that shall stand; the same value makes no edit
     */
    public PartnerCenterSimulator rewrite(String path, UnaryOperator<JsonValue> automation) {
        automations.put(path, automation);
        return this;
    }

    /** Ends all automations. */
    public void stopRewriting() {
        automations.clear();
    }

    private void automate(String id, Predicate<String> isWritten) {
        automations.forEach((path, automation) -> {
            if (isWritten.test(path)) {
                JsonValue before = at(referral(id), path).orElse(JsonValue.NULL);
                JsonValue after = automation.apply(before);
                if (!after.equals(before)) {
                    edit(id, path, after);
                }
            }
        });
    }

    /** The organisation a new referral belongs to declines it. */
    public JsonObject decline(String id, String reason) {
        return close(id, "Declined", reason);
    }

    /** Nobody answered within fourteen days. */
    public JsonObject expire(String id) {
        return close(id, "Expired", "");
    }

    /** A referral is closed as Won, Lost, Declined or Expired. */
    public JsonObject close(String id, String substatus, String reason) {
        return edit(
                id,
                referral -> with(
                        with(
                                with(with(referral, "/status", "Closed"), "/substatus", substatus),
                                "/statusReason",
                                reason.isEmpty() ? JsonValue.NULL : JSON.createValue(reason)),
                        "/closedDateTime",
                        store.now()));
    }

    /** The partner's user no longer sees a referral: 404, and it is in no list. No event. */
    public void hide(String id) {
        store.setHidden(id, true);
    }

    /** The partner's user sees a referral again. */
    public void show(String id) {
        store.setHidden(id, false);
    }

    /** A referral as it is, also a hidden one. */
    public JsonObject referral(String id) {
        return store.find(id).orElseThrow(() -> new IllegalArgumentException("There is no referral " + id + "."));
    }

    /** All referrals in the order in which they were made. */
    public List<JsonObject> referrals() {
        return List.copyOf(store.list());
    }

    /** The referrals of one organisation in the order in which they were made. */
    public List<JsonObject> referrals(String organizationId) {
        return store.list().stream()
                .filter(referral -> organizationId.equals(referral.getString("organizationId")))
                .toList();
    }

    /** The values, as id and path, that calls wrote although they were there already. Allowed, but each makes an event for nothing. */
    public List<String> unchangedValues() {
        return store.unchanged();
    }

    /** Microsoft's referrals beside this one. */
    public List<JsonObject> microsoftBeside(String id) {
        return store.listEngagement(referral(id).getString("engagementId")).stream()
                .filter(referral -> ReferralRules.MICROSOFT.equals(referral.getString("organizationId")))
                .toList();
    }

    private void tell(JsonObject referral, String action, boolean tells) {
        if (!tells) {
            return;
        }
        Instant changed = Instant.parse(referral.getString("updatedDateTime"));
        if (ORGANIZATION.equals(referral.getString("organizationId"))) {
            dispatcher.raise(WebhookEvent.of("referral-" + action, ReferralStore.id(referral), changed));
            return;
        }
        String named = !relatedEventsCarryOwnId
                ? ReferralStore.id(referral)
                : store.listEngagement(referral.getString("engagementId")).stream()
                        .filter(own -> ORGANIZATION.equals(own.getString("organizationId")))
                        .map(ReferralStore::id)
                        .findFirst()
                        .orElse(ReferralStore.id(referral));
        dispatcher.raise(WebhookEvent.of("related-referral-" + action, named, changed));
    }

    // The referral API.

    private SimulatorAnswer onReferrals(SimulatorRequest request, Supplier<SimulatorAnswer> handled) {
        SimulatorAnswer answer;
        try {
            checkReferralHeaders(request);
            authorize(request);
            countReferralCall();
            answer = handled.get();
        } catch (SimulatorAnswer.RefusedException refused) {
            answer = refused.answer();
        }
        return answer.withHeader("request-id", UUID.randomUUID().toString())
                .withHeader(
                        "client-request-id", request.header("client-request-id").orElse(""))
                .withHeader("timestamp", Instant.now().toString());
    }

    private void checkReferralHeaders(SimulatorRequest request) {
        String id = request.header("client-request-id").orElse("");
        String call = request.method() + " " + request.path();
        if (!GUID.matcher(id).matches()) {
            server.log().breakRule("a referral call without a client-request-id that is a guid: " + call);
        } else if (!request.method().equals("GET") && !requestIds.add(id)) {
            // A read may be repeated by the transport beneath a client when its connection is cut; a write may not.
            server.log().breakRule("a client-request-id for a second time: " + call);
        }
        if (!GUID.matcher(request.header("MS-CorrelationId").orElse("")).matches()) {
            server.log().breakRule("a referral call without a MS-CorrelationId that is a guid: " + call);
        }
        if (Set.of("POST", "PUT", "PATCH").contains(request.method()) && !request.isOfType(JSON_TYPE)) {
            throw ReferralErrors.of(415, "invalidRequest", "The body must be application/json.")
                    .refused();
        }
        boolean acceptsJson = Arrays.stream(
                        request.header("Accept").orElse("*/*").split(","))
                .map(type -> type.split(";", 2)[0].strip())
                .anyMatch(type -> Set.of("*/*", "application/*", JSON_TYPE).contains(type));
        if (!acceptsJson) {
            throw ReferralErrors.of(406, "invalidRequest", "Only application/json is served.")
                    .refused();
        }
    }

    private void authorize(SimulatorRequest request) {
        String bearer =
                request.bearer().orElseThrow(() -> ReferralErrors.unauthenticated("The bearer token is missing."));
        EntraSimulator.Token token = entra.check(bearer)
                .filter(known -> known.audience().equals(REFERRALS_AUDIENCE))
                .orElseThrow(() -> ReferralErrors.unauthenticated("The bearer token is not valid here."));
        if (!token.hasUser()) {
            throw ReferralErrors.accessDenied("Referrals are for users, not for applications.");
        }
    }

    private void countReferralCall() {
        SlidingLimit current = limit;
        if (current == null) {
            return;
        }
        OptionalInt wait = current.count();
        if (wait.isPresent()) {
            server.log().breakRule("more than " + requestsPerMinute + " referral calls within a minute");
            throw ReferralErrors.of(429, "serviceNotAvailable", "Too many requests.")
                    .withHeader("Retry-After", Integer.toString(wait.getAsInt()))
                    .refused();
        }
    }

    private SimulatorAnswer get(SimulatorRequest request) {
        JsonObject referral = visible(request);
        JsonObject body = JsonTree.overlay(
                JSON.createObjectBuilder()
                        .add("@odata.context", "http://api.partner.microsoft.com/v1.0/$metadata#referrals/$entity")
                        .build(),
                referral);
        return representation(200, body);
    }

    private JsonObject visible(SimulatorRequest request) {
        if (!request.rawQuery().isEmpty()) {
            server.log().breakRule("an undocumented query option on one referral: " + request.rawQuery());
        }
        return store.findVisible(request.pathValue("id")).orElseThrow(ReferralErrors::notFound);
    }

    private SimulatorAnswer post(SimulatorRequest request) {
        JsonObject body = object(request);
        if (!request.rawQuery().isEmpty()) {
            server.log().breakRule("an undocumented query option of a create: " + request.rawQuery());
        }
        body.keySet().stream()
                .filter(ReferralRules::isServerOwned)
                .forEach(member -> server.log().breakRule("a create sends " + member + ", which the server owns"));
        synchronized (store) {
            JsonObject saved = store.save(rules.created(body));
            tell(saved, "created", true);
            automate(ReferralStore.id(saved), path -> at(body, path).isPresent());
            return representation(createStatus, saved);
        }
    }

    private SimulatorAnswer patch(SimulatorRequest request) {
        if (!(request.json().orElse(JsonValue.NULL) instanceof JsonArray operations)) {
            throw ReferralErrors.invalid("/", "invalidPatch", "The body must be an array of operations.");
        }
        synchronized (store) {
            JsonObject current = visible(request);
            if (request.header("If-Match").isEmpty()) {
                // It works there, too, and overwrites what somebody wrote meanwhile.
                server.log().breakRule("a PATCH without If-Match: " + request.path());
            }
            request.header("If-Match").ifPresent(expected -> checkETag(current, expected));
            JsonObject saved = store.save(rules.patched(current, operations));
            tell(saved, "updated", true);
            Set<String> written = written(operations);
            automate(ReferralStore.id(saved), written::contains);
            // Without the preference not even the new eTag is promised.
            return request.header("Prefer")
                            .filter("return=representation"::equals)
                            .isPresent()
                    ? representation(200, saved).withHeader("Preference-Applied", "return=representation")
                    : SimulatorAnswer.empty(204);
        }
    }

    private static Set<String> written(JsonArray operations) {
        return operations.stream()
                .map(operation -> operation.asJsonObject().getString("path"))
                .map(path -> path.endsWith("/-") ? path.substring(0, path.length() - 2) : path)
                .collect(Collectors.toUnmodifiableSet());
    }

    private SimulatorAnswer put(SimulatorRequest request) {
        JsonObject body = object(request);
        synchronized (store) {
            JsonObject current = visible(request);
            checkETag(
                    current,
                    request.header("If-Match")
                            .orElseThrow(() -> ReferralErrors.preconditionFailed("If-Match is required.")));
            JsonObject saved = store.save(rules.replaced(current, body));
            tell(saved, "updated", true);
            return representation(200, saved);
        }
    }

    private static void checkETag(JsonObject current, String expected) {
        if (!expected.equals(current.getString("eTag"))) {
            throw ReferralErrors.preconditionFailed("The referral has changed since it was read.");
        }
    }

    private static JsonObject object(SimulatorRequest request) {
        return request.json()
                .filter(JsonObject.class::isInstance)
                .map(JsonValue::asJsonObject)
                .orElseThrow(() -> ReferralErrors.invalid("/", "invalidJson", "The body must be a JSON_TYPE object."));
    }

    private static SimulatorAnswer representation(int status, JsonObject referral) {
        return SimulatorAnswer.json(status, referral).withHeader("ETag", referral.getString("eTag"));
    }

    private SimulatorAnswer list(SimulatorRequest request) {
        Map<String, String> options = request.query();
        Set<String> unknown = new HashSet<>(options.keySet());
        unknown.removeAll(QUERY_OPTIONS);
        if (!unknown.isEmpty()) {
            server.log().breakRule("undocumented query options: " + unknown);
            throw ReferralErrors.invalid("query", "invalidQuery", "Unknown query options: " + unknown + ".");
        }
        Continuation from;
        if (options.containsKey("$skiptoken")) {
            if (options.size() > 1) {
                server.log().breakRule("further query options beside a $skiptoken: " + request.rawQuery());
            }
            Continuation asked = continuations.get(options.get("$skiptoken"));
            if (asked == null) {
                throw ReferralErrors.invalid("$skiptoken", "invalidQuery", "The token is unknown.");
            }
            from = asked;
        } else {
            ReferralQuery query = ReferralQuery.of(options, allowsGreaterOrEqual);
            Set<String> unheardOf = new HashSet<>(query.select());
            unheardOf.removeAll(ReferralRules.MEMBERS);
            if (!unheardOf.isEmpty()) {
                server.log().breakRule("a list selects what no referral has: " + unheardOf);
                throw ReferralErrors.invalid("$select", "invalidQuery", "Unknown members: " + unheardOf + ".");
            }
            from = new Continuation(query, referral -> true, 0);
        }
        return page(from);
    }

    private SimulatorAnswer page(Continuation from) {
        ReferralQuery query = from.query();
        int most = Math.min(PAGE, query.top() - from.given());
        List<JsonObject> rest = store.listVisible().stream()
                .filter(query.filter())
                .filter(from.after())
                .sorted(query.order())
                .toList();
        List<JsonObject> page = rest.subList(0, Math.min(most, rest.size()));
        JsonArrayBuilder rows = JSON.createArrayBuilder();
        page.stream().map(referral -> row(referral, query.select())).forEach(rows::add);
        JsonObjectBuilder body = JSON.createObjectBuilder()
                .add("@odata.context", "http://api.partner.microsoft.com/v1.0/$metadata#referrals")
                .add("@odata.count", page.size())
                .add("value", rows);
        int given = from.given() + page.size();
        if (rest.size() > page.size() && given < query.top()) {
            JsonObject last = page.get(page.size() - 1);
            String token = UUID.randomUUID().toString().replace("-", "");
            // The rest is what sorts after the last row given, so that rows which change meanwhile do not shift the
            // others.
            continuations.put(
                    token, new Continuation(query, referral -> query.order().compare(referral, last) > 0, given));
            body.add("@odata.nextLink", nextLink(token));
        }
        return SimulatorAnswer.json(200, body.build());
    }

    private String nextLink(String token) {
        String path = linksAsDocumented ? "http://api.partner.microsoft.com/v1.0/referrals" : url() + REFERRALS;
        return path + "?$skiptoken=" + URLEncoder.encode(token, StandardCharsets.UTF_8);
    }

    private JsonObject row(JsonObject referral, Set<String> select) {
        JsonObject row = JsonTree.without(referral, omittedInLists.toArray(String[]::new));
        if (select.isEmpty()) {
            return row;
        }
        JsonObjectBuilder selected = JSON.createObjectBuilder();
        Stream.concat(Stream.of("id"), select.stream())
                .distinct()
                .forEach(member -> selected.add(member, at(row, "/" + member).orElse(JsonValue.NULL)));
        return selected.build();
    }

    // The webhook API.

    private SimulatorAnswer onWebhooks(SimulatorRequest request, Supplier<SimulatorAnswer> handled) {
        SimulatorAnswer answer;
        try {
            if (!GUID.matcher(request.header("MS-CorrelationId").orElse("")).matches()) {
                server.log()
                        .breakRule("a webhook call without a MS-CorrelationId that is a guid: " + request.method() + " "
                                + request.path());
            }
            Predicate<EntraSimulator.Token> isMeantForUs =
                    token -> token.audience().equals(WEBHOOKS_AUDIENCE);
            if (request.bearer().flatMap(entra::check).filter(isMeantForUs).isEmpty()) {
                throw WebhookRegistrations.error(401, "900420", "The bearer token is not valid here.")
                        .refused();
            }
            answer = handled.get();
        } catch (SimulatorAnswer.RefusedException refused) {
            answer = refused.answer();
        }
        return answer.withHeader(
                        "MS-CorrelationId", request.header("MS-CorrelationId").orElse(""))
                .withHeader("MS-RequestId", request.header("MS-RequestId").orElse(""));
    }

    private SimulatorAnswer sendTest() {
        OptionalInt wait = testLimit.count();
        if (wait.isPresent()) {
            server.log().breakRule("more than " + TESTS_PER_MINUTE + " test events within a minute");
            throw rateLimit(wait.getAsInt())
                    .withHeader("Retry-After", Integer.toString(wait.getAsInt()))
                    .refused();
        }
        return registrations.sendTest(dispatcher);
    }

    private static SimulatorAnswer rateLimit(int seconds) {
        return SimulatorAnswer.json(
                429,
                JSON.createObjectBuilder()
                        .add("statusCode", 429)
                        .add("message", "Rate limit is exceeded. Try again in " + seconds + " seconds.")
                        .build());
    }

    private SimulatorAnswer certificate(SimulatorRequest request) {
        String name = request.pathValue("name");
        X509Certificate certificate =
                name.equals(CERTIFICATE) ? dispatcher.signer().certificate() : published.get(name);
        if (certificate == null) {
            return SimulatorAnswer.text(404, "no such certificate");
        }
        try {
            return servesPem
                    ? SimulatorAnswer.text(200, TestAuthority.pem(certificate))
                    : SimulatorAnswer.bytes(200, "application/octet-stream", certificate.getEncoded());
        } catch (CertificateEncodingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String caller(SimulatorRequest request) {
        return request.path().startsWith(REFERRALS)
                ? "referrals"
                : request.path().startsWith("/cert/") ? "cert" : "webhooks";
    }

    private static SimulatorAnswer refusal(SimulatorRequest request, Fault.Status refused) {
        if (request.path().startsWith(REFERRALS)) {
            return ReferralErrors.of(
                    refused.status(),
                    refused.status() == 500 ? "generalException" : "serviceNotAvailable",
                    "The service cannot answer now.");
        }
        return refused.status() == 429
                ? rateLimit(refused.retryAfterSeconds())
                : WebhookRegistrations.error(refused.status(), "000001", "The service cannot answer now.");
    }

    private JsonValue shown() {
        JsonArrayBuilder referrals = JSON.createArrayBuilder();
        store.list().forEach(referrals::add);
        JsonArrayBuilder deliveries = JSON.createArrayBuilder();
        dispatcher.deliveries().forEach(delivery -> {
            JsonArrayBuilder attempts = JSON.createArrayBuilder();
            delivery.attempts()
                    .forEach(attempt -> attempts.add(JSON.createObjectBuilder()
                            .add("time", attempt.time().toString())
                            .add("status", attempt.status())
                            .add("problem", attempt.problem())));
            deliveries.add(JSON.createObjectBuilder()
                    .add("event", delivery.event().json())
                    .add("to", delivery.to().toString())
                    .add("state", delivery.state().name())
                    .add("attempts", attempts));
        });
        return JSON.createObjectBuilder()
                .add("referrals", referrals)
                .add("registration", registrations.shown())
                .add("deliveries", deliveries)
                .add("unchangedValueWrites", store.unchanged().size())
                .build();
    }

    private record Continuation(ReferralQuery query, Predicate<JsonObject> after, int given) {}
}
