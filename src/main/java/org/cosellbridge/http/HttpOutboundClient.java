package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import org.cosellbridge.platform.Configuration;
import org.eclipse.microprofile.faulttolerance.exceptions.BulkheadException;
import org.eclipse.microprofile.faulttolerance.exceptions.TimeoutException;

/**
 * The outbound client over {@code java.net.http}: follows no redirects, speaks plain http to this machine only, and reads no more
 * than {@link #MAX_BODY}. A call is repeated, at most twice and only after a cut connection, when it is marked repeatable.
 */
@Singleton
class HttpOutboundClient implements OutboundClient {
    private static final Duration WHEN_FULL = Duration.ofSeconds(1);
    private final Wire wire;
    private final Clock clock;

    @Inject
    HttpOutboundClient(Wire wire, Clock clock) {
        this.wire = wire;
        this.clock = clock;
    }

    @Override
    public HttpAnswer send(HttpCall call) {
        requireSafe(call.uri());
        Deadline deadline = Deadline.in(call.timeout());
        try {
            return call.repeatable() ? wire.sendRepeatable(call, deadline) : wire.sendOnce(call, deadline);
        } catch (CutConnectionException cut) {
            throw new OutboundException.Unreachable(String.valueOf(cut.getMessage()), cut.getCause());
        } catch (BulkheadException full) {
            throw new OutboundException.Refused(
                    "Too many outbound calls run at the same time on this node.",
                    clock.instant().plus(WHEN_FULL));
        } catch (TimeoutException late) {
            throw new OutboundException.Unreachable(call.system() + " did not answer in time.", late);
        }
    }

    private static void requireSafe(URI uri) {
        String host = uri.getHost();
        boolean safe = host != null
                && ("https".equalsIgnoreCase(uri.getScheme())
                        || ("http".equalsIgnoreCase(uri.getScheme()) && Configuration.isLoopback(host)));
        if (!safe) {
            throw new IllegalArgumentException("A remote address must be https, or http on this machine.");
        }
    }
}
