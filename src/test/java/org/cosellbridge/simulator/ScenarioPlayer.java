package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.text;

import jakarta.json.JsonObject;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Plays Microsoft and the sellers in Partner Center for the sandbox: every few seconds a referral comes into being, or an earlier one is
 * edited, accepted or closed; each action prints one line. It stops by itself after so many referrals and as many further actions; the
 * simulator keeps answering. The same seed plays the same scenario.
 */
public final class ScenarioPlayer implements AutoCloseable {
    private static final List<String> LOST_REASONS =
            List.of("Customer chose another vendor", "Budget not adequate", "Timeline too short");
    private static final int KINDS = 5;

    private final PartnerCenterSimulator partnerCenter;
    private final Duration pause;
    private final int mostReferrals;
    private final PrintStream out;
    private final Random random = new Random(42);
    private final List<String> open = new ArrayList<>();
    private final ScheduledExecutorService clock;
    private @Nullable ScheduledFuture<?> playing;
    private int created;
    private int steps;

    /**
     * A player.
     *
     * @param partnerCenter where it plays
     * @param pause between two actions
     * @param mostReferrals how many referrals it makes
     * @param out where each action prints its line
     */
    public ScenarioPlayer(PartnerCenterSimulator partnerCenter, Duration pause, int mostReferrals, PrintStream out) {
        this.partnerCenter = partnerCenter;
        this.pause = pause;
        this.mostReferrals = mostReferrals;
        this.out = out;
        this.clock = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "scenario-player");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Starts to play; the first action comes at once. */
    public synchronized ScenarioPlayer start() {
        playing = clock.scheduleWithFixedDelay(this::play, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
        return this;
    }

    /** Stops to play. */
    @Override
    public void close() {
        clock.shutdownNow();
    }

    /** Whether it has played everything it has. */
    public synchronized boolean isOver() {
        return playing != null && playing.isDone();
    }

    private synchronized void play() {
        try {
            step();
        } catch (RuntimeException failed) {
            out.println("Partner Center: the scenario stumbled: " + failed);
        }
        if (steps >= 2 * mostReferrals && playing != null) {
            out.println("Partner Center: the scenario is over; edit referrals yourself or just look around.");
            playing.cancel(false);
        }
    }

    /** One action: the next referral at every second step, else something with an earlier one. */
    void step() {
        boolean creates = open.isEmpty() || steps % 2 == 0;
        steps++;
        if (creates && created < mostReferrals) {
            create();
        } else if (!open.isEmpty()) {
            change(open.get(random.nextInt(open.size())));
        }
    }

    private void create() {
        int index = created++;
        JsonObject referral;
        String sentence;
        switch (index % KINDS) {
            case 1 -> {
                referral = ReferralFixtures.marketplaceLead(index);
                sentence = "a customer in the marketplace asks about";
            }
            case 2 -> {
                referral = ReferralFixtures.partnerLed(index);
                sentence = "your colleague shares with Microsoft's sellers";
            }
            case 3 -> {
                referral = ReferralFixtures.qualifiedLead(index);
                sentence = "Microsoft sends you the lead";
            }
            case 4 -> {
                referral = ReferralFixtures.privateDeal(index);
                sentence = "your colleague enters the private deal";
            }
            default -> {
                referral = ReferralFixtures.cosellFromMicrosoft(index);
                sentence = "Microsoft invites you to";
            }
        }
        String id = partnerCenter.create(referral);
        open.add(id);
        say(id, sentence);
    }

    private void change(String id) {
        JsonObject referral = partnerCenter.referral(id);
        boolean isNew = "New".equals(text(referral, "/status").orElse(""));
        switch (random.nextInt(isNew ? 4 : 6)) {
            case 0 -> {
                long value = 20_000 + 5_000L * random.nextInt(40);
                partnerCenter.edit(id, "/details/dealValue", value);
                say(
                        id,
                        "the deal value is now " + value + " "
                                + text(referral, "/details/currency").orElse("") + " in");
            }
            case 1 -> {
                partnerCenter.edit(id, "/details/notes", "Customer called, next step agreed (note " + steps + ").");
                say(id, "new notes in");
            }
            case 2, 4 -> {
                if (isNew) {
                    accept(id);
                } else {
                    String day = Instant.now()
                            .plus(30 + random.nextInt(90), ChronoUnit.DAYS)
                            .truncatedTo(ChronoUnit.DAYS)
                            .toString();
                    partnerCenter.edit(id, "/details/closingDateTime", day);
                    say(id, "the close date moves to " + day.substring(0, 10) + " in");
                }
            }
            case 3 -> {
                if (isNew) {
                    accept(id);
                } else {
                    close(id);
                }
            }
            default -> close(id);
        }
    }

    private void accept(String id) {
        partnerCenter.accept(id);
        say(id, "your colleague accepts");
    }

    private void close(String id) {
        open.remove(id);
        if (random.nextBoolean()) {
            partnerCenter.close(id, "Won", "");
            say(id, "won:");
        } else {
            String reason = LOST_REASONS.get(random.nextInt(LOST_REASONS.size()));
            partnerCenter.close(id, "Lost", reason);
            say(id, "lost (" + reason + "):");
        }
    }

    private void say(String id, String sentence) {
        out.println("Partner Center: " + sentence + " '"
                + partnerCenter.referral(id).getString("name") + "' (referral " + id + ")");
    }
}
