package org.cosellbridge.connector.partnercenter;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.ListsReferrals;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.connector.RecordShape;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.http.HttpAnswer;
import org.cosellbridge.platform.Page;
import org.cosellbridge.referral.ReferralId;
import org.cosellbridge.referral.ReferralPaths;
import org.jspecify.annotations.Nullable;

/**
 * Partner Center's referrals. A referral is read as a whole document and written by dotted paths such as {@code details.dealValue};
 * the eTag is its version. The shape that is handed in does not matter: there is but one kind of record.
 */
@Singleton
public class PartnerCenterConnector implements PartnerCenter, ListsReferrals {
    private static final int LARGEST_PAGE = 100;
    private static final String FIRST_ROW = ReferralList.NEWEST_FIRST + "&$top=1";

    /** What the list is known to filter by; all else is compared here. */
    private static final Set<String> FILTERABLE = Set.of(
            "engagementId",
            "status",
            "substatus",
            "qualification",
            "type",
            "direction",
            "customerProfile.address.country");

    private final PartnerCenterClient client;
    private final PartnerCenterErrors errors;

    @Inject
    PartnerCenterConnector(PartnerCenterClient client, PartnerCenterErrors errors) {
        this.client = client;
        this.errors = errors;
    }

    @Override
    public String system() {
        return SYSTEM;
    }

    @Override
    public Optional<RemoteRecord> findRecord(CallContext call, RecordShape shape, String id) {
        Optional<ReferralId> referral = ReferralId.parse(id);
        if (referral.isEmpty()) {
            return Optional.empty();
        }
        HttpAnswer answer = client.get(call, "/" + referral.get());
        RecordRef ref = new RecordRef(RecordRef.REFERRAL, referral.get().value());
        if (answer.status() == 404 || answer.status() == 410) {
            return Optional.empty();
        }
        if (answer.status() == 403) {
            HttpAnswer others = client.get(call, FIRST_ROW);
            if (others.isSuccess()) {
                // only this one is hidden: the credentials are good, and all other referrals must not wait for it
                return Optional.empty();
            }
            throw errors.of(others, others.status() == 403 ? ref : null, JsonValue.NULL);
        }
        if (!answer.isSuccess()) {
            throw errors.of(answer, ref, JsonValue.NULL);
        }
        return Optional.of(record(answer).orElseThrow(() -> errors.unreadable(ref.toString())));
    }

    @Override
    public Optional<RemoteRecord> findByReferralKey(CallContext call, RecordShape shape, String referralId) {
        return findRecord(call, shape, referralId);
    }

    /** At least one field must be one the list filters by ({@code engagementId}, {@code status} and the like). */
    @Override
    public List<RemoteRecord> listMatching(
            CallContext call, RecordShape shape, Map<String, JsonValue> match, int limit) {
        Map<String, String> filter = new TreeMap<>();
        match.forEach((path, value) -> {
            if (FILTERABLE.contains(path) && value instanceof JsonString text) {
                filter.put(path.replace('.', '/'), text.getString());
            }
        });
        if (filter.isEmpty()) {
            throw new RejectedException(
                    SYSTEM, "Partner Center does not list referrals by " + String.join(", ", match.keySet()) + ".");
        }
        boolean exact = filter.size() == match.size() && limit < LARGEST_PAGE;
        List<RemoteRecord> found = new ArrayList<>();
        String query = ReferralList.filter(filter, exact ? limit : 0);
        while (!query.isEmpty() && found.size() < limit) {
            ReferralList page = list(call, query);
            page.rows().stream()
                    .filter(row -> isMatch(row.values(), match))
                    .limit((long) limit - found.size())
                    .forEach(found::add);
            query = page.next().equals(query) ? "" : page.next();
        }
        return List.copyOf(found);
    }

    @Override
    public Page<RemoteRecord> listChangedSince(CallContext call, Instant since, @Nullable String cursor) {
        String query = cursor == null ? ReferralList.NEWEST_FIRST : ReferralList.query(cursor);
        ReferralList page = list(call, query.isEmpty() ? ReferralList.NEWEST_FIRST : query);
        List<RemoteRecord> rows = page.rows();
        boolean more = !page.next().isEmpty()
                && !page.next().equals(query)
                && !rows.isEmpty()
                && !rows.get(rows.size() - 1).modifiedAt().isBefore(since);
        return new Page<>(
                rows.stream().filter(row -> !row.modifiedAt().isBefore(since)).toList(), more ? page.next() : null);
    }

    /**
     * Creates a referral from dotted paths and whole members. Partner Center chooses the id, and nothing keeps a second create from
     * making a second referral: whoever calls this has stored the intent and looked for the referral before.
     */
    @Override
    public Optional<RemoteRecord> createRecord(
            CallContext call,
            RecordShape shape,
            @Nullable String referralId,
            @Nullable String id,
            Map<String, JsonValue> values) {
        JsonObject document = document(values);
        HttpAnswer answer = client.write(call, "POST", "", Map.of(), document);
        if (!answer.isSuccess()) {
            throw errors.of(answer, null, document);
        }
        return Optional.of(record(answer).orElseThrow(() -> errors.unreadable("a create")));
    }

    /** Replaces the values under these dotted paths in one guarded call; a path that cannot be patched refuses them all. */
    @Override
    public RemoteRecord updateRecord(
            CallContext call, RecordShape shape, RemoteRecord read, Map<String, JsonValue> changes) {
        JsonArray operations = operations(read, changes);
        if (operations.isEmpty()) {
            return read;
        }
        String id = ReferralId.parse(read.ref().id())
                .map(ReferralId::value)
                .orElseThrow(() -> new RejectedException(SYSTEM, "A referral id is a GUID."));
        HttpAnswer answer = client.write(
                call,
                "PATCH",
                "/" + id,
                Map.of("If-Match", read.version(), "Prefer", "return=representation"),
                operations);
        if (!answer.isSuccess()) {
            throw errors.of(answer, read.ref(), operations);
        }
        // 204, or no document: what was written is known only after a read.
        return record(answer)
                .or(() -> findRecord(call, shape, id))
                .orElseThrow(() -> errors.unreadable(read.ref().toString()));
    }

    private static JsonArray operations(RemoteRecord read, Map<String, JsonValue> changes) {
        changes.keySet().stream()
                .filter(path -> !ReferralPaths.patchable().contains(path))
                .findFirst()
                .ifPresent(path -> {
                    throw new RejectedException(
                            SYSTEM, "Partner Center does not let " + path + " of a referral be changed.");
                });
        Map<String, JsonValue> all = new LinkedHashMap<>(changes);
        // A status travels with its substatus, even where only one of the two moves.
        if (changes.containsKey("status") || changes.containsKey("substatus")) {
            for (String path : List.of("status", "substatus")) {
                all.putIfAbsent(path, read.values().getOrDefault(path, JsonValue.NULL));
            }
        }
        JsonArrayBuilder operations = Json.createArrayBuilder();
        for (String path : ReferralPaths.patchable()) {
            JsonValue value = all.get(path);
            if (value != null) {
                operations.add(Json.createObjectBuilder()
                        .add("op", "replace")
                        .add("path", "/" + path.replace('.', '/'))
                        .add("value", value));
            }
        }
        return operations.build();
    }

    private ReferralList list(CallContext call, String query) {
        HttpAnswer answer = client.get(call, query);
        if (!answer.isSuccess()) {
            throw errors.of(answer, null, JsonValue.NULL);
        }
        return ReferralList.read(answer).orElseThrow(() -> errors.unreadable("a list"));
    }

    private static Optional<RemoteRecord> record(HttpAnswer answer) {
        try (JsonReader reader = Json.createReader(new ByteArrayInputStream(answer.body()))) {
            return reader.readValue() instanceof JsonObject document
                    ? ReferralDocument.record(document, answer.header("ETag").orElse(""))
                    : Optional.empty();
        } catch (JsonException notJson) {
            return Optional.empty();
        }
    }

    private static boolean isMatch(JsonObject referral, Map<String, JsonValue> match) {
        return match.entrySet().stream().allMatch(wanted -> {
            JsonValue held = valueAt(referral, wanted.getKey());
            if (held instanceof JsonString has && wanted.getValue() instanceof JsonString wants) {
                return has.getString().equalsIgnoreCase(wants.getString());
            }
            return held.equals(wanted.getValue());
        });
    }

    private static JsonValue valueAt(JsonObject referral, String path) {
        JsonValue value = referral;
        for (String name : path.split("\\.", -1)) {
            value = value instanceof JsonObject object ? object.getOrDefault(name, JsonValue.NULL) : JsonValue.NULL;
        }
        return value;
    }

    private static JsonObject document(Map<String, JsonValue> values) {
        // Json.createPatch would need every parent to exist, so the tree is grown here.
        Map<String, Object> tree = new TreeMap<>();
        new TreeMap<>(values).forEach((path, value) -> {
            if (value != JsonValue.NULL) {
                grow(tree, path, value);
            }
        });
        return Json.createObjectBuilder(tree).build();
    }

    @SuppressWarnings("unchecked") // only maps of this kind are put in
    private static void grow(Map<String, Object> tree, String path, JsonValue value) {
        Map<String, Object> node = tree;
        String[] names = path.split("\\.", -1);
        for (int depth = 0; depth < names.length - 1; depth++) {
            Object child = node.computeIfAbsent(names[depth], name -> new TreeMap<String, Object>());
            if (child instanceof JsonObject whole) {
                child = new TreeMap<String, Object>(whole);
                node.put(names[depth], child);
            }
            node = (Map<String, Object>) child;
        }
        node.put(names[names.length - 1], value);
    }
}
