package org.cosellbridge.access;

import java.time.Duration;

/** What became of a login. */
sealed interface LoginVerdict {
    /**
     * Name and password belong together.
     *
     * @param user who it is
     */
    record Accepted(User user) implements LoginVerdict {}

    /** Unknown name or wrong password; which of the two is told to nobody. */
    record Wrong() implements LoginVerdict {}

    /**
     * Not looked at: too many wrong logins before, or too many at this moment.
     *
     * @param retryAfter how long to wait
     */
    record TooMany(Duration retryAfter) implements LoginVerdict {}
}
