package org.cosellbridge.access;

import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.UriInfo;
import jakarta.ws.rs.ext.Provider;

/**
 * Lets a call through or answers it, before it is known whether there is a resource for it: an address that does not exist asks for a
 * login like any other.
 */
@Provider
@PreMatching
@Priority(Priorities.AUTHENTICATION)
public class AccessFilter implements ContainerRequestFilter {
    @Inject
    private Access access;

    @Context
    private HttpServletRequest servletRequest;

    @Override
    public void filter(ContainerRequestContext request) {
        AccessDecision decision = access.decide(
                request.getMethod(),
                path(request.getUriInfo()),
                request.getHeaderString(HttpHeaders.AUTHORIZATION),
                servletRequest.getRemoteAddr());
        if (decision instanceof AccessDecision.Refuse refuse) {
            request.abortWith(refuse.response());
        } else if (decision instanceof AccessDecision.PassAs passAs) {
            request.setSecurityContext(
                    new UserContext(passAs.user(), request.getSecurityContext().isSecure()));
        }
    }

    /**
     * The path below the application as it came. It is cut from the whole request path, because what servers answer as the path may
     * lack path parameters. When the application's own address is spelled in another way, the answer is one that every rule refuses.
     */
    static String path(UriInfo uri) {
        String whole = uri.getRequestUri().getRawPath();
        String base = uri.getBaseUri().getRawPath();
        if (whole.startsWith(base)) {
            return whole.substring(base.length());
        }
        return base.equals(whole + "/") ? "" : "//";
    }
}
