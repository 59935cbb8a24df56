package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.Optional;
import org.cosellbridge.connector.ConnectionName;

/**
 * Which running attempt works on which referral and record of a connection. A hold that another attempt has is never waited for:
 * its owner may itself wait for a row the asking transaction has locked. Every method joins the caller's transaction.
 */
@Singleton
class Holds {
    private final Sql sql;

    @Inject
    Holds(Sql sql) {
        this.sql = sql;
    }

    /** Takes a hold for an attempt that does not have it yet; false when another attempt has it. */
    boolean take(
            ConnectionName connection,
            String subject,
            String requestId,
            long fencing,
            Instant now,
            Instant leaseUntil) {
        Instant abandoned = now.minus(QueueSettings.GRACE);
        Optional<Instant> held = sql.findFirst(
                        "select lease_until from request_hold where connection = ? and subject = ?",
                        connection.value(),
                        subject)
                .map(row -> row.time(0));
        if (held.isEmpty()) {
            return sql.update(
                            "insert into request_hold (connection, subject, request_id, fencing, lease_until)"
                                    + " values (?, ?, ?, ?, ?) on conflict do nothing",
                            connection.value(),
                            subject,
                            requestId,
                            fencing,
                            leaseUntil)
                    == 1;
        }
        if (held.get().isAfter(abandoned)
                || sql.list(
                                "select request_id from request_hold where connection = ? and subject = ?"
                                        + " and lease_until <= ? for update skip locked",
                                connection.value(),
                                subject,
                                abandoned)
                        .isEmpty()) {
            return false;
        }
        return sql.update(
                        "update request_hold set request_id = ?, fencing = ?, lease_until = ?"
                                + " where connection = ? and subject = ? and lease_until <= ?",
                        requestId,
                        fencing,
                        leaseUntil,
                        connection.value(),
                        subject,
                        abandoned)
                == 1;
    }

    /** Prolongs what the attempt holds and answers how many holds that are. */
    int renew(String requestId, long fencing, Instant leaseUntil) {
        return sql.update(
                "update request_hold set lease_until = ? where request_id = ? and fencing = ?",
                leaseUntil,
                requestId,
                fencing);
    }

    /** Gives back what the attempt holds and answers how many holds that were. */
    int release(String requestId, long fencing) {
        return sql.update("delete from request_hold where request_id = ? and fencing = ?", requestId, fencing);
    }

    /** Removes what earlier attempts of this request left behind when they were abandoned. The request must be locked. */
    void releaseAll(String requestId) {
        int ignored = sql.update("delete from request_hold where request_id = ?", requestId);
    }
}
