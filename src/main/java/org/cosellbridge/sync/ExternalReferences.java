package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.ListsReferrals;
import org.cosellbridge.connector.PartnerCenter;
import org.cosellbridge.connector.RejectedException;
import org.cosellbridge.connector.RemoteRecord;
import org.cosellbridge.platform.Page;
import org.cosellbridge.referral.OrganizationId;
import org.cosellbridge.referral.ReferralId;
import org.jspecify.annotations.Nullable;

/**
 * Which of our referrals names which record. Partner Center documents no way to ask for it, so the list is walked, newest change
 * first: once to its end on each node, then each time only as far as the walk before began. A walk that was cut off by a failure or a
 * limit goes on where it stopped. Thread-safe; one thread walks at a time.
 */
@Singleton
class ExternalReferences {
    /** A change may show in the list a while after its time. */
    private static final Duration OVERLAP = Duration.ofMinutes(10);

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final PartnerCenter partnerCenter;
    private final Clock clock;
    private final ReentrantLock walking = new ReentrantLock();
    private final Map<String, Set<ReferralId>> byReference = new HashMap<>();
    /** Everything that changed before this time is known; null before the first walk has come to the list's end. */
    private @Nullable Instant complete;

    private @Nullable Instant firstBegan;
    private @Nullable String firstCursor;

    @Inject
    ExternalReferences(PartnerCenter partnerCenter, Clock clock) {
        this.partnerCenter = partnerCenter;
        this.clock = clock;
    }

    /**
     * The ids of our referrals that name this record now or did so at some time; whoever uses one reads it. Calls Partner Center.
     *
     * @param reference the record's id
     */
    Set<ReferralId> list(CallContext call, String reference) {
        if (!(partnerCenter instanceof ListsReferrals lists)) {
            throw new IllegalStateException("Partner Center's connector lists no referrals.");
        }
        if (!lock()) {
            throw new AttemptEndedException(new SyncOutcome.NotNow(
                    PartnerCenter.SYSTEM,
                    false,
                    clock.instant().plus(PATIENCE),
                    "Another attempt is just reading the list of referrals."));
        }
        try {
            first(call, lists);
            Instant began = clock.instant();
            Instant since = complete == null ? Instant.EPOCH : complete.minus(OVERLAP);
            String cursor = null;
            do {
                cursor = page(call, lists, since, cursor);
            } while (cursor != null);
            complete = began;
            return Set.copyOf(byReference.getOrDefault(key(reference), Set.of()));
        } finally {
            walking.unlock();
        }
    }

    private boolean lock() {
        try {
            return walking.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void first(CallContext call, ListsReferrals lists) {
        if (complete != null) {
            return;
        }
        if (firstBegan == null) {
            firstBegan = clock.instant();
            firstCursor = page(call, lists, Instant.EPOCH, null);
        }
        while (firstCursor != null) {
            firstCursor = page(call, lists, Instant.EPOCH, firstCursor);
        }
        complete = firstBegan;
    }

    private @Nullable String page(CallContext call, ListsReferrals lists, Instant since, @Nullable String cursor) {
        Page<RemoteRecord> page;
        try {
            page = lists.listChangedSince(call, since, cursor);
        } catch (RejectedException refused) {
            // a cursor that no longer works is no record's fault: the walk begins anew
            firstBegan = null;
            firstCursor = null;
            throw new AttemptEndedException(new SyncOutcome.NotNow(
                    PartnerCenter.SYSTEM,
                    false,
                    null,
                    "The list of referrals could not be read to its end. " + refused.getMessage()));
        }
        page.items().forEach(this::remember);
        return page.next();
    }

    private void remember(RemoteRecord row) {
        String reference = text(row, "externalReferenceId");
        boolean ours = !text(row, "organizationId").equalsIgnoreCase(OrganizationId.MICROSOFT.value());
        if (!reference.isBlank() && ours) {
            ReferralId.parse(row.ref().id())
                    .ifPresent(id -> byReference
                            .computeIfAbsent(key(reference), unused -> new LinkedHashSet<>())
                            .add(id));
        }
    }

    private static String text(RemoteRecord row, String name) {
        JsonValue value = row.values().getOrDefault(name, JsonValue.NULL);
        return value instanceof JsonString text ? text.getString() : "";
    }

    private static String key(String reference) {
        return reference.strip().toLowerCase(Locale.ROOT);
    }
}
