package org.cosellbridge.queue;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.cosellbridge.connector.CallContext;
import org.cosellbridge.connector.RecordRef;
import org.cosellbridge.sync.Attempt;
import org.cosellbridge.sync.SyncSubject;
import org.jspecify.annotations.Nullable;

/** An attempt that runs on this node. The synchronisation may use it from several threads at once. */
final class ClaimedAttempt implements Attempt {
    private final Claim claim;
    private final Claims claims;
    private final CallContext call;
    private final Set<String> held = ConcurrentHashMap.newKeySet();
    private volatile boolean holdRefused;

    ClaimedAttempt(Claim claim, Set<String> held, Claims claims) {
        this.claim = claim;
        this.claims = claims;
        this.held.addAll(held);
        this.call = new CallContext(claim.correlation(), claim.priority(), this::beforeCall);
    }

    private Duration beforeCall() {
        claims.renew(this);
        return QueueSettings.LONGEST_CALL;
    }

    Claim claim() {
        return claim;
    }

    /** The subjects this attempt holds. */
    Set<String> held() {
        return held;
    }

    /** Whether a record it asked for was held by another attempt. */
    boolean holdRefused() {
        return holdRefused;
    }

    @Override
    public SyncSubject subject() {
        return claim.subject();
    }

    @Override
    public String requestId() {
        return claim.requestId();
    }

    @Override
    public int number() {
        return claim.number();
    }

    @Override
    public @Nullable String deliveryId() {
        return claim.delivery();
    }

    @Override
    public boolean isFromRecord() {
        return claim.fromRecord();
    }

    @Override
    public CallContext call() {
        return call;
    }

    @Override
    public boolean hold(RecordRef record) {
        String subject = record.toString();
        if (held.contains(subject)) {
            return true;
        }
        if (claims.hold(this, subject)) {
            held.add(subject);
            return true;
        }
        holdRefused = true;
        return false;
    }

    @Override
    public void store(Runnable work) {
        claims.store(this, work);
    }
}
