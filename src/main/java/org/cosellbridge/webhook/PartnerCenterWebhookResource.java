package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;

/**
 * Where Partner Center delivers its webhook events. Open to everybody: a request proves itself by its signature. The type is not
 * restricted here, so that a wrong one is refused and counted like everything else that is wrong.
 */
@Path("webhooks/partner-center")
public class PartnerCenterWebhookResource {
    @Inject
    private Receiver receiver;

    @Context
    private HttpHeaders headers;

    @Context
    private HttpServletRequest request;

    /** Receives one delivery: 200 when it is stored or was before, else 400, 401, 413, 415 or 503 with a problem document. */
    @POST
    @Consumes(MediaType.WILDCARD)
    public Response receive(InputStream body) {
        return receiver.receive(new WebhookRequest(request.getRemoteAddr(), headers.getRequestHeaders(), body))
                .response();
    }
}
