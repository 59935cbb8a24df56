package org.cosellbridge.webhook;

/**
 * What verifying a stored delivery again found.
 *
 * @param signature whether the stored signature belongs to the stored body and certificate
 * @param chain whether the stored chain was a valid path, from a sender as required, when the delivery was received
 * @param anchorTrusted whether the root it ends at is trusted by today's configuration
 */
public record Verification(boolean signature, boolean chain, boolean anchorTrusted) {
    /** Whether the delivery is as genuine as it was when it was received. */
    boolean verified() {
        return signature && chain;
    }
}
