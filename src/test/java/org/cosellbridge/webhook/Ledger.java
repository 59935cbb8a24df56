package org.cosellbridge.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.cosellbridge.audit.AuditEntry;
import org.cosellbridge.audit.AuditKind;
import org.cosellbridge.audit.AuditTrail;
import org.cosellbridge.sync.Want;
import org.cosellbridge.sync.WantsSync;

/** What the other rooms were told, of transactions that were committed; refusals are told without one. */
final class Ledger implements WantsSync, AuditTrail {
    private final DeliveryDatabase database;
    private final List<Want> wants = new CopyOnWriteArrayList<>();
    private final List<AuditEntry> entries = new CopyOnWriteArrayList<>();

    @SuppressWarnings("ThreadLocalUsage") // each test has a ledger of its own
    private final ThreadLocal<List<Runnable>> pending = ThreadLocal.withInitial(ArrayList::new);

    private volatile boolean refuseWants;

    Ledger(DeliveryDatabase database) {
        this.database = database;
    }

    /** The wants of transactions that were committed, in their order. */
    List<Want> wants() {
        return wants;
    }

    /** The entries of transactions that were committed, and the counts of refusals. */
    List<AuditEntry> entries() {
        return entries;
    }

    /** From now on the queue does not take a want. */
    void refuseWants(boolean refuse) {
        refuseWants = refuse;
    }

    /** Runs work that is a transaction, and keeps what it told when it was committed. */
    <T> T keepIfCommitted(Supplier<T> work) {
        pending.get().clear();
        T result = work.get();
        pending.get().forEach(Runnable::run);
        return result;
    }

    @Override
    public void want(Want want) {
        assertThat(database.isInTransaction()).isTrue();
        if (refuseWants) {
            throw new IllegalStateException("The queue does not take it.");
        }
        pending.get().add(() -> wants.add(want));
    }

    @Override
    public UUID append(AuditEntry entry) {
        if (entry.kind() == AuditKind.DELIVERY_REFUSED) {
            entries.add(entry);
        } else {
            assertThat(database.isInTransaction()).isTrue();
            pending.get().add(() -> entries.add(entry));
        }
        return UUID.randomUUID();
    }
}
