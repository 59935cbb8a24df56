package org.cosellbridge.webhook;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import org.cosellbridge.platform.Page;
import org.cosellbridge.platform.Problem;
import org.jspecify.annotations.Nullable;

/** The stored deliveries, for operators and auditors. */
@Path("deliveries")
@Produces(MediaType.APPLICATION_JSON)
public class DeliveriesResource {
    @Inject
    private Deliveries deliveries;

    /** The deliveries that pass the filters, the latest first. */
    @GET
    public Page<DeliveryItem> list(
            @QueryParam("sender") @Nullable String sender,
            @QueryParam("referral") @Nullable String referral,
            @QueryParam("connection") @Nullable String connection,
            @QueryParam("record") @Nullable String record,
            @QueryParam("correlation") @Nullable String correlation,
            @QueryParam("delivery") @Nullable String delivery,
            @QueryParam("from") @Nullable String from,
            @QueryParam("to") @Nullable String to,
            @QueryParam("state") @Nullable String state,
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("cursor") @Nullable String cursor) {
        return deliveries.list(
                DeliveryFilter.of(sender, referral, connection, record, correlation, delivery, from, to, state),
                Page.parseLimit(limit),
                cursor == null ? null : DeliveryFilter.id("cursor", cursor));
    }

    /** One delivery with its receipt; one that was signed is verified again just now. */
    @GET
    @Path("{id}")
    public DeliveryReceipt receipt(@PathParam("id") String id) {
        return deliveries
                .find(DeliveryFilter.id("id", id))
                .orElseThrow(() -> Problem.notFound("There is no delivery with this id."));
    }
}
