package org.cosellbridge.sync;

import org.cosellbridge.referral.Direction;

/** Says to a person why a value travels. Why two sides stay apart is said by {@link Sentences}. */
final class RuleSentences {
    private RuleSentences() {}

    /** The sentence for the rule that sends a value in this direction; without values. */
    static String of(Direction direction, String rule) {
        boolean toCrm = direction == Direction.TO_CRM;
        String source = toCrm ? "Partner Center" : "the CRM";
        String target = toCrm ? "The CRM" : "Partner Center";
        return switch (rule) {
            case "only-moved" -> "Only " + source + "'s value changed since both sides last agreed.";
            case "newest" ->
                "Both sides changed the field, and the change " + (toCrm ? "at Partner Center" : "in the CRM")
                        + " counts as the newer one.";
            case "partner-center" -> "Both sides changed the field, and its rule says that Partner Center wins.";
            case "crm" -> "Both sides changed the field, and its rule says that the CRM wins.";
            case "filled" -> target + " has no value here and gets the other side's.";
            case "adoption" ->
                "Both sides held different values before they were linked, and cosell.sync.adoption says that " + source
                        + " wins.";
            case "mapping-changed" -> "The mapping changed, and with it the value that " + source + "'s stands for.";
            case "decided" -> "A person decided the conflict.";
            case "created" -> toCrm ? "The record is created with it." : "The referral is created with it.";
            case "switched-on" -> "The record belongs to a referral now, so its Sync switch is switched on.";
            case "closing" -> "The record is about to be closed and is told this before.";
            default -> target + " gets the other side's value (" + rule + ").";
        };
    }
}
