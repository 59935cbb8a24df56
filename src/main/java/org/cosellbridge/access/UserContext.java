package org.cosellbridge.access;

import jakarta.ws.rs.core.SecurityContext;
import java.security.Principal;

/** Tells resources who calls. A user is in every role that the own one includes. */
final class UserContext implements SecurityContext {
    private final User user;
    private final boolean secure;

    UserContext(User user, boolean secure) {
        this.user = user;
        this.secure = secure;
    }

    @Override
    public Principal getUserPrincipal() {
        return user::name;
    }

    @Override
    public boolean isUserInRole(String word) {
        return Role.find(word).filter(user.role()::includes).isPresent();
    }

    @Override
    public boolean isSecure() {
        return secure;
    }

    @Override
    public String getAuthenticationScheme() {
        return BASIC_AUTH;
    }
}
