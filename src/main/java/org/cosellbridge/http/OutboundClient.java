package org.cosellbridge.http;

/** The one way out. Adds correlation headers, holds the permits, the pauses and the circuits, and writes the wire log. */
public interface OutboundClient {
    /** The largest answer that is read, in bytes. */
    int MAX_BODY = 16 * 1024 * 1024;

    /** Sends a call and answers what came back, whatever its status. Throws an {@link OutboundException} when nothing did. */
    HttpAnswer send(HttpCall call);
}
