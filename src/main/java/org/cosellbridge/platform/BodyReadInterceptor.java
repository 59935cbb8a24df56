package org.cosellbridge.platform;

import jakarta.json.JsonException;
import jakarta.json.bind.JsonbException;
import jakarta.ws.rs.ConstrainedTo;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.RuntimeType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import jakarta.ws.rs.ext.ReaderInterceptor;
import jakarta.ws.rs.ext.ReaderInterceptorContext;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Tells a body that is not the JSON it should be (400, the caller's fault) or is too large (413) from JSON that fails anywhere else (500,
 * ours). The servers throw different exceptions for the first, so it is caught where the body is read. A resource that takes the bytes
 * themselves, as the receivers of webhooks do, has its own limit.
 */
@Provider
@ConstrainedTo(RuntimeType.SERVER)
public class BodyReadInterceptor implements ReaderInterceptor {
    /** The most bytes of a document; the largest that a person or script has reason to send is a list of some thousand ids. */
    static final int MOST_BYTES = 1_048_576;

    @Override
    public @Nullable Object aroundReadFrom(ReaderInterceptorContext context) throws IOException {
        if (InputStream.class.equals(context.getType())) {
            return context.proceed();
        }
        LimitedStream limited = new LimitedStream(context.getInputStream());
        context.setInputStream(limited);
        try {
            return context.proceed();
        } catch (JsonException | JsonbException | ProcessingException | IOException notTheJson) {
            if (limited.left < 0) {
                throw Problem.exception(
                        Response.Status.REQUEST_ENTITY_TOO_LARGE,
                        "The body is larger than " + MOST_BYTES + " bytes. Send less at once.");
            }
            if (notTheJson instanceof IOException cut) {
                throw cut;
            }
            throw Problem.badRequest("The body is not the JSON document this address takes.");
        }
    }

    /** Fails one byte after the most. */
    private static final class LimitedStream extends FilterInputStream {
        private long left = MOST_BYTES;

        private LimitedStream(InputStream body) {
            super(body);
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            count(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count(Math.max(read, 0));
            return read;
        }

        @Override
        public boolean markSupported() {
            return false;
        }

        private void count(int read) throws IOException {
            left -= read;
            if (left < 0) {
                throw new IOException("The body is too large.");
            }
        }
    }
}
