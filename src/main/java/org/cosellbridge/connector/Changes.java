package org.cosellbridge.connector;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of what changed.
 *
 * @param items the changes, in the system's order
 * @param next the cursor of the next page; null on the last one
 * @param token where to go on another day, an opaque text of any length; on the last page only. Keep it when, and only when, every
 *     change of the walk has been taken care of
 */
public record Changes(
        List<RecordChange> items,
        @Nullable String next,
        @Nullable String token) {
    public Changes {
        items = List.copyOf(items);
    }
}
