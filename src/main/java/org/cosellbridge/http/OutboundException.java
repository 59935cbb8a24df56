package org.cosellbridge.http;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** No answer came: the call was not made, or nobody knows what became of it. An answer of any status is no exception. */
public abstract sealed class OutboundException extends RuntimeException
        permits OutboundException.Unreachable, OutboundException.Refused, OutboundException.SignInFailed {
    OutboundException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The system could not be reached, or the answer did not come in time. The call may have had its effect. */
    public static final class Unreachable extends OutboundException {
        /** {@code message} names the system and what failed. */
        public Unreachable(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The call was not made: the circuit is open, a pause runs or no permit is left before {@link #notBefore}. */
    public static final class Refused extends OutboundException {
        private final Instant notBefore;
        private final boolean ownLimit;

        /** {@code message} says which brake holds. */
        public Refused(String message, Instant notBefore) {
            this(message, notBefore, false);
        }

        /** {@code ownLimit}: it is our own limit for calls of this rank, nothing the system said or did. */
        public Refused(String message, Instant notBefore, boolean ownLimit) {
            super(message, null);
            this.notBefore = notBefore;
            this.ownLimit = ownLimit;
        }

        /** Whether no permit is left for calls of this rank; calls of a lower rank may still get one. */
        public boolean ownLimit() {
            return ownLimit;
        }

        /** When it makes sense to come back. */
        public Instant notBefore() {
            return notBefore;
        }
    }

    /** The authority refused the credentials; a person must mend them. */
    public static final class SignInFailed extends OutboundException {
        /** {@code message} says which credentials and what the authority answered, without the credentials. */
        public SignInFailed(String message) {
            super(message, null);
        }
    }
}
