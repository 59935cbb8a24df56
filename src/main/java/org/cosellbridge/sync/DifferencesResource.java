package org.cosellbridge.sync;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import org.cosellbridge.platform.Page;
import org.jspecify.annotations.Nullable;

/** The fields one side cannot take. */
@Path("differences")
@Produces(MediaType.APPLICATION_JSON)
public class DifferencesResource {
    @Inject
    private Links links;

    /** The open ones, oldest first, of one link where it is named. */
    @GET
    public Page<Links.FindingView> list(
            @QueryParam("link") @Nullable String link,
            @QueryParam("cursor") @Nullable String cursor,
            @QueryParam("limit") @Nullable String limit) {
        return links.listFindings(Finding.DIFFERENCE, link, cursor, Page.parseLimit(limit));
    }
}
