package org.cosellbridge.sync;

/** Says to a person why two sides stay apart. */
final class Sentences {
    private Sentences() {}

    static String of(String kind, String reason) {
        if (kind.equals(Finding.CONFLICT)) {
            return reason.equals("adoption")
                    ? "Both sides held different values before they were linked, so nobody can tell who is right. Decide for one."
                    : "Both sides changed the field and its rule leaves the decision to a person. Decide for one.";
        }
        return switch (reason) {
            case "locked" ->
                "The CRM computes this field itself, so it cannot be written. Change what it is computed from.";
            case "closed" -> "The record is closed and takes no edits. Reopen it, or enter the value by hand.";
            case "ended" -> "The referral has reached its end, and Partner Center takes no more edits.";
            case "cut" ->
                "The CRM holds a cut form of what Partner Center holds. Sending it back would lose the rest; edit it at Partner Center.";
            case "one-way" ->
                "The field was changed on the side that only receives it. It stays as it is until the other side changes.";
            case "empty-never-erases" ->
                "One side was emptied. An empty value erases nothing unless the mapping says so.";
            case "not-expressible" ->
                "The CRM's value has no counterpart at Partner Center. Add it to the mapping, or choose another.";
            case "no-counterpart" ->
                "Partner Center's value has no counterpart in the CRM, which keeps its own. Add it to the mapping, or set the field by hand.";
            case "unreachable" ->
                "The CRM does not let the record go from its state to this one directly. Reopen the record, or set its state by hand.";
            default -> "One side cannot take the other's value (" + reason + ").";
        };
    }
}
