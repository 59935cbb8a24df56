package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.SecurityContext;
import org.cosellbridge.platform.Callers;
import org.cosellbridge.platform.Page;
import org.jspecify.annotations.Nullable;

/** Connections: how they are doing, paused and resumed. */
@Path("connections")
@Produces(MediaType.APPLICATION_JSON)
public class ConnectionsResource {
    private static final String NONE = "There is no connection with this name.";

    @Inject
    private ConnectionPauses pauses;

    @Context
    private SecurityContext security;

    /** All of them, always on one page. */
    @GET
    public Page<ConnectionStatus> list() {
        return new Page<>(pauses.list(), null);
    }

    /** Pauses one, with a reason; 204. */
    @POST
    @Path("{name}/pause")
    @Consumes(MediaType.APPLICATION_JSON)
    public void pause(@PathParam("name") String name, @Nullable JsonObject body) {
        String reason = Callers.understood(() -> Callers.reason(body));
        Callers.found(pauses.pause(name, reason, Callers.actor(security)), NONE);
    }

    /** Resumes one; 204. */
    @POST
    @Path("{name}/resume")
    public void resume(@PathParam("name") String name) {
        Callers.found(pauses.resume(name, Callers.actor(security)), NONE);
    }
}
