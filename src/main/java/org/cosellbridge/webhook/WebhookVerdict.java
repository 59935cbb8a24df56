package org.cosellbridge.webhook;

/** What the verification of a request's signature found. */
sealed interface WebhookVerdict {
    /**
     * The sender signed exactly these bytes.
     *
     * @param algorithm how
     * @param chain with which certificate, and why it is trusted
     */
    record Genuine(SignatureAlgorithm algorithm, CertificateChain chain) implements WebhookVerdict {
        /** The sentence that is stored with the delivery. */
        String sentence() {
            return "Signed with " + algorithm.word() + " by "
                    + chain.leaf().getSubjectX500Principal().getName()
                    + ", issued by " + chain.leaf().getIssuerX500Principal().getName() + ", trusted through "
                    + chain.anchor().getSubjectX500Principal().getName() + ".";
        }
    }

    /**
     * The request is not to be believed.
     *
     * @param refusal why
     */
    record Refused(Refusal refusal) implements WebhookVerdict {}
}
