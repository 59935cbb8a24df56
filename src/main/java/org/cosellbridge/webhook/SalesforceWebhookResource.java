package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/**
 * Where the Salesforce of a connection sends its outbound messages. Open to everybody: a request proves itself by the connection's shared
 * secret, the last segment of the address, which goes nowhere but into the comparison. The type is not restricted here, so that a wrong
 * one is refused and counted like everything else that is wrong.
 */
@Path("webhooks/salesforce/{connection}/{secret}")
public class SalesforceWebhookResource {
    /** Where a server leaves the certificates that it demanded of the client (Jakarta Servlet 6.0, section 3.10). */
    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

    @Inject
    private SalesforceReceiver receiver;

    @Context
    private HttpHeaders headers;

    @Context
    private HttpServletRequest request;

    /**
     * Receives one message: 200 with the acknowledgement when it is stored or was before, else 400, 401, 413, 415 or 503 with a problem
     * document.
     */
    @POST
    @Consumes(MediaType.WILDCARD)
    public Response receive(
            @PathParam("connection") String connection, @PathParam("secret") String secret, InputStream body) {
        return receiver.receive(
                        connection,
                        secret,
                        certificate(),
                        new WebhookRequest(request.getRemoteAddr(), headers.getRequestHeaders(), body))
                .response();
    }

    private @Nullable X509Certificate certificate() {
        return request.getAttribute(CERTIFICATES) instanceof X509Certificate[] chain && chain.length > 0
                ? chain[0]
                : null;
    }
}
