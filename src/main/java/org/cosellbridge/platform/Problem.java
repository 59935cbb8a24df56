package org.cosellbridge.platform;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/**
 * A problem document (RFC 9457), what every failing call answers.
 *
 * @param type always {@code about:blank}: the status says what kind of problem it is
 * @param title the status in words
 * @param status the HTTP status
 * @param detail what is wrong and what to do about it; no secrets, no personal data, nothing that helps an attacker
 */
public record Problem(String type, String title, int status, String detail) {
    /** The media type of a problem document. */
    public static final MediaType MEDIA_TYPE = new MediaType("application", "problem+json");

    /** A problem with this status and sentence. */
    public static Problem of(Response.StatusType status, String detail) {
        return new Problem("about:blank", status.getReasonPhrase(), status.getStatusCode(), detail);
    }

    /** The response that carries this problem. */
    public Response response() {
        return Response.status(status).type(MEDIA_TYPE).entity(this).build();
    }

    /** 400: the call itself is wrong. */
    public static WebApplicationException badRequest(String detail) {
        return exception(Response.Status.BAD_REQUEST, detail);
    }

    /** 404: there is no such thing, or the caller may not know of it. */
    public static WebApplicationException notFound(String detail) {
        return exception(Response.Status.NOT_FOUND, detail);
    }

    /** 409: the thing is not in a state in which this can be done. */
    public static WebApplicationException conflict(String detail) {
        return exception(Response.Status.CONFLICT, detail);
    }

    /** The exception that makes a resource answer this problem. */
    public static WebApplicationException exception(Response.StatusType status, String detail) {
        return new WebApplicationException(detail, of(status, detail).response());
    }
}
