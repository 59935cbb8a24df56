package org.cosellbridge.simulator;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** What a CRM pushes to the product, held back, repeated, mixed up and lost as a test wants it. */
public interface CrmPushes {
    /** Every push from now on is delivered so often. */
    void copies(int each);

    /** From now on each push is sent after a random wait up to this, so that pushes overtake each other. */
    void shuffleWithin(Duration longest);

    /** From now on a push for which this answers true is never sent; it is asked once for each. */
    void loseSome(BooleanSupplier lost);

    /** Keeps pushes back until {@link #release}. */
    void hold();

    /** Sends what was kept back. */
    void release();

    /** Whether nothing is on its way. What is held is. */
    boolean isIdle();
}
