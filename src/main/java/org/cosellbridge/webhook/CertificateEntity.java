package org.cosellbridge.webhook;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** A row of the table {@code delivery_certificate}: a certificate that deliveries were verified with, each once. */
@Entity
@Table(name = "delivery_certificate")
class CertificateEntity {
    @Id
    @Column(name = "fingerprint")
    private String fingerprint;

    @Column(name = "der")
    private byte[] der;

    /** For the persistence provider. */
    CertificateEntity() {}

    String fingerprint() {
        return fingerprint;
    }

    byte[] der() {
        return der.clone();
    }
}
