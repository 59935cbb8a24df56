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
import java.util.Objects;

/**
 * Where the Dataverse of a connection posts what happened to its rows. Open to everybody: a request proves itself by the connection's
 * shared secret. The type is not restricted here, so that a wrong one is refused and counted like everything else that is wrong.
 */
@Path("webhooks/dynamics/{connection}")
public class DynamicsWebhookResource {
    @Inject
    private DynamicsReceiver receiver;

    @Context
    private HttpHeaders headers;

    @Context
    private HttpServletRequest request;

    /** Receives one delivery: 200 when it is stored or was before, else 400, 401, 413, 415 or 503 with a problem document. */
    @POST
    @Consumes(MediaType.WILDCARD)
    public Response receive(@PathParam("connection") String connection, InputStream body) {
        return receiver.receive(
                        connection,
                        new WebhookRequest(
                                request.getRemoteAddr(),
                                Objects.requireNonNullElse(request.getQueryString(), ""),
                                headers.getRequestHeaders(),
                                body))
                .response();
    }
}
