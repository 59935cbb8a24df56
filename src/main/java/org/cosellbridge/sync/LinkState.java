package org.cosellbridge.sync;

import java.util.Arrays;
import java.util.Optional;

/** In which state a sync link is. */
enum LinkState {
    /** Kept equal. */
    ACTIVE("active"),
    /** Nothing is written until it is resumed; {@link PausedBy} says who stopped it. */
    PAUSED("paused"),
    /** The record is deleted or hidden; it is never created again without a person. */
    RECORD_GONE("record-gone"),
    /** Partner Center does not show the referral; that is not a deletion. */
    REFERRAL_UNREACHABLE("referral-unreachable"),
    /** Two claim the same; a person decides. */
    DISPUTED("disputed"),
    /** The referral reached a terminal status and both sides are equal. */
    ENDED("ended");

    private final String word;

    LinkState(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    static Optional<LinkState> find(String word) {
        return Arrays.stream(values()).filter(state -> state.word.equals(word)).findFirst();
    }

    static LinkState of(String word) {
        return find(word).orElseThrow(() -> new IllegalStateException("There is no link state " + word + "."));
    }
}
