package org.cosellbridge.queue;

import jakarta.ejb.ApplicationException;

/**
 * The message broker cannot be reached, or its connection factory is not there yet. An application exception: the container would
 * otherwise log every single one with its stack.
 */
@ApplicationException
class BrokerAwayException extends RuntimeException {
    BrokerAwayException(Exception cause) {
        super("The message broker cannot be reached.", cause);
    }
}
