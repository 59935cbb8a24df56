package org.cosellbridge.platform;

import jakarta.json.bind.annotation.JsonbNillable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list as every list answers it: {@code {"items":[…],"next":"…"|null}}.
 *
 * @param items the items of this page, in the list's order
 * @param next the cursor of the next page, null on the last one
 */
@JsonbNillable
public record Page<T>(List<T> items, @Nullable String next) {
    /** Items a page holds when the caller does not say. */
    public static final int DEFAULT_LIMIT = 50;

    /** The most items a page holds. */
    public static final int MAX_LIMIT = 500;

    public Page {
        items = List.copyOf(items);
    }

    /** The limit a caller wrote; answers 400 when it is no whole number or outside 1 to {@link #MAX_LIMIT}. */
    public static int parseLimit(@Nullable String written) {
        if (written == null) {
            return DEFAULT_LIMIT;
        }
        try {
            return limit(Integer.valueOf(written.strip()));
        } catch (NumberFormatException notANumber) {
            throw Problem.badRequest("limit must be from 1 to " + MAX_LIMIT + ".");
        }
    }

    /** The limit a caller asked for; answers 400 when it is outside 1 to {@link #MAX_LIMIT}. */
    public static int limit(@Nullable Integer asked) {
        if (asked == null) {
            return DEFAULT_LIMIT;
        }
        if (asked < 1 || asked > MAX_LIMIT) {
            throw Problem.badRequest("limit must be from 1 to " + MAX_LIMIT + ".");
        }
        return asked;
    }
}
