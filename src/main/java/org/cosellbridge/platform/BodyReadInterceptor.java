package org.cosellbridge.platform;

import jakarta.json.JsonException;
import jakarta.json.bind.JsonbException;
import jakarta.ws.rs.ConstrainedTo;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.RuntimeType;
import jakarta.ws.rs.ext.Provider;
import jakarta.ws.rs.ext.ReaderInterceptor;
import jakarta.ws.rs.ext.ReaderInterceptorContext;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Tells a body that is not the JSON it should be (400, the caller's fault) from JSON that fails anywhere else (500, ours). The
 * servers throw different exceptions for the former, so it is caught where the body is read.
 */
@Provider
@ConstrainedTo(RuntimeType.SERVER)
public class BodyReadInterceptor implements ReaderInterceptor {
    @Override
    public @Nullable Object aroundReadFrom(ReaderInterceptorContext context) throws IOException {
        try {
            return context.proceed();
        } catch (JsonException | JsonbException | ProcessingException notTheJson) {
            throw Problem.badRequest("The body is not the JSON document this address takes.");
        }
    }
}
