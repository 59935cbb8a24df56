package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
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

/** The sync links. */
@Path("links")
@Produces(MediaType.APPLICATION_JSON)
public class LinksResource {
    @Inject
    private Links links;

    @Context
    private SecurityContext security;

    /** The links, oldest first. */
    @GET
    public Page<Links.LinkView> list(
            @QueryParam("referral") @Nullable String referral,
            @QueryParam("connection") @Nullable String connection,
            @QueryParam("record") @Nullable String record,
            @QueryParam("engagement") @Nullable String engagement,
            @QueryParam("state") @Nullable String state,
            @QueryParam("pausedBy") @Nullable String pausedBy,
            @QueryParam("outcome") @Nullable String outcome,
            @QueryParam("cursor") @Nullable String cursor,
            @QueryParam("limit") @Nullable String limit) {
        return links.list(
                new LinkRepository.Filter(referral, connection, record, engagement, state, pausedBy, outcome),
                cursor,
                Page.parseLimit(limit));
    }

    /** One link; {@code live=true} reads both sides, too. */
    @GET
    @Path("{id}")
    public Links.LinkDetail get(@PathParam("id") String id, @QueryParam("live") @DefaultValue("false") boolean live) {
        return links.get(id, live);
    }

    /** Looks at the link now; {@code dry-run=true} answers what would be written and writes nothing. */
    @POST
    @Path("{id}/sync")
    public Response sync(@PathParam("id") String id, @QueryParam("dry-run") @Nullable String dryRun) {
        return Links.isDryRun(dryRun)
                ? Response.ok(links.preview(id)).build()
                : Response.accepted(links.want(id, Callers.actor(security))).build();
    }

    /** Pauses the link, with a reason: from the next attempt on nothing is written for it. */
    @POST
    @Path("{id}/pause")
    @Consumes(MediaType.APPLICATION_JSON)
    public Links.LinkView pause(@PathParam("id") String id, @Nullable JsonObject body) {
        String reason = Callers.understood(() -> Callers.reason(body));
        return links.pause(id, reason, Callers.actor(security));
    }

    /** Resumes a link that a person or the breaker paused, and looks at it now. */
    @POST
    @Path("{id}/resume")
    public Response resume(@PathParam("id") String id) {
        return Response.accepted(links.resume(id, Callers.actor(security))).build();
    }

    /** Asks for a new record in place of one that is gone. */
    @POST
    @Path("{id}/recreate")
    public Response recreate(@PathParam("id") String id) {
        return Response.accepted(links.recreate(id, Callers.actor(security))).build();
    }
}
