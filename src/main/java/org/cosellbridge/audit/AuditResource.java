package org.cosellbridge.audit;

import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;

/** The trail, to be read. Its parameters and answer are described in {@code audit.md}. */
@Path("audit")
public class AuditResource {
    @Inject
    private AuditView trail;

    /** One page of the trail. */
    @GET
    @Produces(MediaType.APPLICATION_JSON)
    public JsonObject list(@Context UriInfo uri) {
        return trail.list(uri.getQueryParameters());
    }
}
