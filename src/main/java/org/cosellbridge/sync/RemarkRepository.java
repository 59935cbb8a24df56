package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.List;
import org.cosellbridge.connector.ConnectionName;
import org.cosellbridge.referral.ReferralId;

/** What was last said of a referral on a connection, so that the trail tells it once. */
@Singleton
@Transactional
class RemarkRepository {
    private final EntityManager entities;

    @Inject
    RemarkRepository(EntityManager entities) {
        this.entities = entities;
    }

    /** Notes the remark; false when it is the one noted before. Joins a transaction. */
    boolean note(ConnectionName connection, ReferralId referral, String remark) {
        return note(connection, referral.value(), remark);
    }

    /** Notes a remark on a referral, or on a record that has none, by its id; false when it is the one noted before. Joins a transaction. */
    boolean note(ConnectionName connection, String about, String remark) {
        String text = remark.length() > 1000 ? remark.substring(0, 1000) : remark;
        List<?> before = entities.createNativeQuery(
                        "select remark from sync_remark where connection = ?1 and referral_id = ?2")
                .setParameter(1, connection.value())
                .setParameter(2, about)
                .getResultList();
        if (!before.isEmpty() && before.get(0).equals(text)) {
            return false;
        }
        forget(connection, about);
        entities.createNativeQuery(
                        "insert into sync_remark (connection, referral_id, remark) values (?1, ?2, ?3) on conflict do nothing")
                .setParameter(1, connection.value())
                .setParameter(2, about)
                .setParameter(3, text)
                .executeUpdate();
        return true;
    }

    /** Nothing is noted any more. Joins a transaction. */
    void forget(ConnectionName connection, ReferralId referral) {
        forget(connection, referral.value());
    }

    private void forget(ConnectionName connection, String about) {
        entities.createNativeQuery("delete from sync_remark where connection = ?1 and referral_id = ?2")
                .setParameter(1, connection.value())
                .setParameter(2, about)
                .executeUpdate();
    }
}
