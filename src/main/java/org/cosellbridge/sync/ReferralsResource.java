package org.cosellbridge.sync;

import jakarta.inject.Inject;
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
import org.jspecify.annotations.Nullable;

/** Referrals by their own id, linked or not. */
@Path("referrals")
@Produces(MediaType.APPLICATION_JSON)
public class ReferralsResource {
    @Inject
    private Links links;

    @Context
    @SuppressWarnings("NullAway.Init") // JAX-RS fills it
    private SecurityContext security;

    /** Looks at the referral now; {@code dry-run=true} answers what would be written and writes nothing. */
    @POST
    @Path("{id}/sync")
    public Response sync(@PathParam("id") String id, @QueryParam("dry-run") @Nullable String dryRun) {
        return Links.isDryRun(dryRun)
                ? Response.ok(links.previewReferral(id)).build()
                : Response.accepted(links.wantReferral(id, Callers.actor(security)))
                        .build();
    }
}
