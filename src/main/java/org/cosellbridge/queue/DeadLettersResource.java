package org.cosellbridge.queue;

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
import jakarta.ws.rs.core.SecurityContext;
import org.cosellbridge.platform.Callers;
import org.cosellbridge.platform.Page;
import org.cosellbridge.platform.Problem;
import org.jspecify.annotations.Nullable;

/** Dead letters: read, redelivered, discarded. */
@Path("dead-letters")
@Produces(MediaType.APPLICATION_JSON)
public class DeadLettersResource {
    private static final String NONE = "There is no such dead letter.";

    @Inject
    private DeadLetters deadLetters;

    @Context
    private SecurityContext security;

    /** One page, newest first. */
    @GET
    public Page<DeadLetter> list(
            @QueryParam("connection") @Nullable String connection,
            @QueryParam("referral") @Nullable String referral,
            @QueryParam("record") @Nullable String record,
            @QueryParam("from") @Nullable String from,
            @QueryParam("to") @Nullable String to,
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("cursor") @Nullable String cursor) {
        int most = Page.parseLimit(limit);
        DeadLetterFilter filter = Callers.understood(() -> DeadLetterFilter.of(connection, referral, record, from, to));
        return Callers.understood(() -> deadLetters.list(filter, most, cursor));
    }

    /** One dead letter. */
    @GET
    @Path("{id}")
    public DeadLetter get(@PathParam("id") String id) {
        return deadLetters.find(id).orElseThrow(() -> Problem.notFound(NONE));
    }

    /** Sends one on its way again; 204. */
    @POST
    @Path("{id}/redeliver")
    public void redeliver(@PathParam("id") String id) {
        Callers.found(deadLetters.redeliver(id, Callers.actor(security)), NONE);
    }

    /** Gives one up, with a reason; 204. */
    @POST
    @Path("{id}/discard")
    @Consumes(MediaType.APPLICATION_JSON)
    public void discard(@PathParam("id") String id, @Nullable JsonObject body) {
        String reason = Callers.understood(() -> Callers.reason(body));
        Callers.found(deadLetters.discard(id, reason, Callers.actor(security)), NONE);
    }

    /** Sends all that match on their way again; an empty object means every one. */
    @POST
    @Path("redeliver")
    @Consumes(MediaType.APPLICATION_JSON)
    public Redelivered redeliverAll(@Nullable JsonObject filter) {
        if (filter == null) {
            throw Problem.badRequest("The body must be a filter; {} means every dead letter.");
        }
        return new Redelivered(deadLetters.redeliverAll(
                Callers.understood(() -> DeadLetterFilter.parse(filter)), Callers.actor(security)));
    }
}
