package org.cosellbridge.http;

/** The connection was cut before the whole answer was there: what may be repeated is repeated. */
final class CutConnectionException extends RuntimeException {
    CutConnectionException(String message, Throwable cause) {
        super(message, cause);
    }
}
