package org.cosellbridge.platform;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Makes a problem document of everything a resource or the server throws. What is our fault answers 500 with an id that also stands in
 * the log, and nothing else: no class, no message, no trace.
 */
@Provider
public class ProblemMapper implements ExceptionMapper<Throwable> {
    private static final Logger LOG = Logger.getLogger(ProblemMapper.class.getName());

    @Override
    public Response toResponse(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof WebApplicationException stated
                    && (stated.getResponse().getEntity() instanceof Problem)) {
                return stated.getResponse();
            }
        }
        return thrown instanceof WebApplicationException stated ? stated(stated) : fault(thrown);
    }

    private static Response stated(WebApplicationException stated) {
        Response response = stated.getResponse();
        if (response.hasEntity()) {
            return response;
        }
        Response.StatusType status = response.getStatusInfo();
        if (status.getFamily() == Response.Status.Family.SERVER_ERROR) {
            return fault(stated);
        }
        if (status.getFamily() != Response.Status.Family.CLIENT_ERROR) {
            return response;
        }
        // the exception's own message may quote the call; the sentence here does not. Headers such as Allow stay.
        return Response.fromResponse(response)
                .type(Problem.MEDIA_TYPE)
                .entity(Problem.of(status, sentence(status.getStatusCode())))
                .build();
    }

    private static String sentence(int status) {
        return switch (status) {
            case 404 -> "There is nothing at this address.";
            case 405 -> "This address does not take this method.";
            case 406 -> "This address has no answer of a type that the call accepts.";
            case 415 -> "This address does not take a body of this type.";
            default -> "The call cannot be understood.";
        };
    }

    private static Response fault(Throwable thrown) {
        UUID id = UUID.randomUUID();
        LOG.log(Level.SEVERE, BareTrace.of(thrown), () -> "A call failed; problem " + id + ".");
        return Problem.of(
                        Response.Status.INTERNAL_SERVER_ERROR,
                        "Something went wrong on our side. The log tells more under problem " + id + ".")
                .response();
    }
}
