package org.cosellbridge.audit;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.io.Serializable;

/** The names of one field that an entry tells of, for the filter by field. It holds no value: values are in the canonical bytes. */
@Entity
@Table(name = "audit_change")
@IdClass(AuditChangeEntity.Key.class)
class AuditChangeEntity {
    @Id
    @Column(name = "entry_id", updatable = false)
    private String entryId;

    @Id
    @Column(name = "position", updatable = false)
    private int position;

    @Column(name = "field", updatable = false)
    private String field;

    @Column(name = "record_field", updatable = false)
    private String recordField;

    protected AuditChangeEntity() {
        // for the persistence provider
    }

    AuditChangeEntity(String entryId, int position, String field, String recordField) {
        this.entryId = entryId;
        this.position = position;
        this.field = field;
        this.recordField = recordField;
    }

    /** Entry and place in it. */
    static class Key implements Serializable {
        private String entryId = "";
        private int position;

        protected Key() {
            // for the persistence provider
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && key.entryId.equals(entryId) && key.position == position;
        }

        @Override
        public int hashCode() {
            return 31 * entryId.hashCode() + position;
        }
    }
}
