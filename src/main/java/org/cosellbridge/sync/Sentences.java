package org.cosellbridge.sync;

/** Says to a person why two sides stay apart. Every word of {@link Merge} has its sentence. */
final class Sentences {
    private Sentences() {}

    /** The sentence for a word of the merge; a word without one is a fault of ours. */
    static String of(String kind, String reason) {
        return kind.equals(Finding.CONFLICT) ? conflict(reason) : difference(reason);
    }

    private static String conflict(String reason) {
        return switch (reason) {
            case Merge.ADOPTION ->
                "Both sides held different values before they were linked, so nobody can tell who is right. Decide for one.";
            case "review" ->
                "Both sides changed the field and its rule leaves the decision to a person. Decide for one.";
            default -> throw unknown(reason);
        };
    }

    private static String difference(String reason) {
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
            case "transition" ->
                "Partner Center does not let the referral go from its state to this one. Change the state at Partner Center, or set the record's state back.";
            case "not-explicit" ->
                "What Partner Center takes for good is sent only when the CRM field itself says so, and here it is empty or known by default only. Choose a value in the CRM.";
            case "irreversible" ->
                "Partner Center has taken this for good and does not take it back. Set the CRM's value back to Partner Center's.";
            case "create-only" ->
                "The field travels only when a referral or record is created, so a later change stays on its side. Change it on the other side by hand.";
            case "above-zero" -> "Partner Center takes only values above zero. Enter one in the CRM.";
            default -> throw unknown(reason);
        };
    }

    private static IllegalArgumentException unknown(String reason) {
        return new IllegalArgumentException("There is no sentence for '" + reason + "'.");
    }
}
