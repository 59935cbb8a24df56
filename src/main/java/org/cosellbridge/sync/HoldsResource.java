package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import org.cosellbridge.platform.Callers;
import org.cosellbridge.platform.Page;

/** Writes that wait for a person because one cause would write to many links. */
@Path("holds")
@Produces(MediaType.APPLICATION_JSON)
public class HoldsResource {
    @Inject
    private Links links;

    @Context
    private SecurityContext security;

    /** What waits. */
    @GET
    public Page<Links.HoldView> list() {
        return links.listHolds();
    }

    /** Lets it go. */
    @POST
    @Path("{id}/release")
    public Response release(@PathParam("id") String id) {
        return Response.accepted(links.release(id, Callers.actor(security))).build();
    }
}
