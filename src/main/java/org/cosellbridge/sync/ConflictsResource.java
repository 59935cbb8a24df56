package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import org.cosellbridge.platform.Callers;
import org.cosellbridge.platform.Page;
import org.jspecify.annotations.Nullable;

/** The fields a person must decide. */
@Path("conflicts")
@Produces(MediaType.APPLICATION_JSON)
public class ConflictsResource {
    @Inject
    private Links links;

    @Context
    private SecurityContext security;

    /** The open ones, oldest first, of one link where it is named. */
    @GET
    public Page<Links.FindingView> list(
            @QueryParam("link") @Nullable String link,
            @QueryParam("cursor") @Nullable String cursor,
            @QueryParam("limit") @Nullable String limit) {
        return links.listFindings(Finding.CONFLICT, link, cursor, Page.parseLimit(limit));
    }

    /**
     * Decides a conflict: {@code {"side":"partner-center"}}, {@code {"side":"crm"}} or {@code {"value":…}} in Partner Center's terms.
     * Answers 202 with the conflict and its decision; it is carried out by the attempt that follows.
     */
    @POST
    @Path("{id}/resolve")
    @Consumes(MediaType.APPLICATION_JSON)
    public Response resolve(@PathParam("id") String id, @Nullable JsonObject body) {
        DecisionBody wish = Callers.understood(() -> DecisionBody.parse(body));
        return Response.accepted(links.resolve(id, wish, Callers.actor(security)))
                .build();
    }
}
