package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.cosellbridge.mapping.ConflictRule;
import org.cosellbridge.referral.Direction;
import org.cosellbridge.sync.Merge.Action;
import org.cosellbridge.sync.Merge.Term;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergeTest {
    private static final Instant EARLY = Instant.parse("2026-11-20T10:00:00Z");
    private static final Merge.Sides SAME = new Merge.Sides() {
        @Override
        public boolean inCrm(JsonValue one, JsonValue other) {
            return one.equals(other);
        }

        @Override
        public boolean inPartnerCenter(JsonValue one, JsonValue other) {
            return one.equals(other);
        }
    };

    /**
     * The truth table. Values: {@code -} empty, {@code none} no baseline, {@code a b c} values. Flags: {@code e} may erase, {@code
     * cut}, {@code map} remapped, {@code lock}, {@code closed}, {@code ended}, {@code to-crm} and {@code to-pc} only that way, {@code
     * off}; {@code plan} the CRM was to get x, {@code written} and it is known to have; {@code crm-later}, {@code crm-soon} the CRM
     * moved 10 s, 1 s later.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // base pc, base crm | now pc | now crm | rule | adoption | flags | action | word
                // nothing moved
                "a,a   | a | a | newest         | review         |             | NOTHING           | equal",
                "a,b   | a | b | newest         | review         |             | NOTHING           | unmoved",
                "a,b   | a | b | newest         | review         | map         | TO_CRM            | mapping-changed",
                "a,b   | a | b | newest         | review         | map to-pc   | TO_PARTNER_CENTER | mapping-changed",
                "a,b   | a | b | newest         | review         | map lock    | DIFFERENCE        | locked",
                // one moved
                "a,a   | b | a | newest         | review         |             | TO_CRM            | only-moved",
                "a,a   | b | a | crm            | review         |             | TO_CRM            | only-moved",
                "a,a   | b | a | review         | review         |             | TO_CRM            | only-moved",
                "a,a   | a | b | newest         | review         |             | TO_PARTNER_CENTER | only-moved",
                "a,a   | a | b | partner-center | review         |             | TO_PARTNER_CENTER | only-moved",
                "a,a   | a | b | review         | review         |             | TO_PARTNER_CENTER | only-moved",
                "-,-   | b | - | newest         | review         |             | TO_CRM            | only-moved",
                "-,-   | - | b | newest         | review         |             | TO_PARTNER_CENTER | only-moved",
                // one emptied
                "a,a   | - | a | newest         | review         |             | DIFFERENCE        | empty-never-erases",
                "a,a   | - | a | newest         | review         | e           | TO_CRM            | only-moved",
                "a,a   | a | - | newest         | review         |             | DIFFERENCE        | empty-never-erases",
                "a,a   | a | - | newest         | review         | e           | TO_PARTNER_CENTER | only-moved",
                // both moved to the same
                "a,a   | b | b | newest         | review         |             | NOTHING           | equal",
                "a,a   | - | - | review         | review         |             | NOTHING           | equal",
                // both moved apart
                "a,a   | b | c | newest         | review         |             | TO_CRM            | newest",
                "a,a   | b | c | newest         | review         | crm-soon    | TO_CRM            | newest",
                "a,a   | b | c | newest         | review         | crm-later   | TO_PARTNER_CENTER | newest",
                "a,a   | b | c | partner-center | review         | crm-later   | TO_CRM            | partner-center",
                "a,a   | b | c | crm            | review         |             | TO_PARTNER_CENTER | crm",
                "a,a   | b | c | review         | review         | crm-later   | CONFLICT          | review",
                // both moved, the winner is empty: it never erases, it is filled
                "a,a   | - | c | partner-center | review         |             | TO_PARTNER_CENTER | filled",
                "a,a   | - | c | partner-center | review         | e           | TO_CRM            | partner-center",
                "a,a   | b | - | crm            | review         |             | TO_CRM            | filled",
                "a,a   | b | - | crm            | review         | e           | TO_PARTNER_CENTER | crm",
                "a,a   | b | - | newest         | review         | crm-later   | TO_CRM            | filled",
                "a,a   | - | c | newest         | review         |             | TO_PARTNER_CENTER | filled",
                "a,a   | - | c | review         | review         |             | CONFLICT          | review",
                // both moved, the loser is empty: it is filled by its rule
                "a,a   | b | - | partner-center | review         |             | TO_CRM            | partner-center",
                "a,a   | - | c | crm            | review         |             | TO_PARTNER_CENTER | crm",
                // no baseline
                "none  | a | a | newest         | review         |             | NOTHING           | equal",
                "none  | a | - | newest         | review         |             | TO_CRM            | filled",
                "none  | - | a | newest         | review         |             | TO_PARTNER_CENTER | filled",
                "none  | - | a | newest         | review         | to-crm      | NOTHING           | nothing-to-fill",
                "none  | a | - | newest         | review         | to-pc       | NOTHING           | nothing-to-fill",
                "none  | a | - | newest         | review         | lock        | DIFFERENCE        | locked",
                "none  | a | b | newest         | review         |             | CONFLICT          | adoption",
                "none  | a | b | newest         | partner-center |             | TO_CRM            | adoption",
                "none  | a | b | newest         | crm            |             | TO_PARTNER_CENTER | adoption",
                "none  | a | b | newest         | crm            | to-crm      | NOTHING           | adoption",
                "none  | a | b | newest         | partner-center | to-pc       | NOTHING           | adoption",
                "none  | a | b | newest         | partner-center | map         | TO_CRM            | adoption",
                // what one side cannot take
                "a,a   | b | a | newest         | review         | lock        | DIFFERENCE        | locked",
                "a,a   | b | a | newest         | review         | closed      | DIFFERENCE        | closed",
                "a,a   | a | b | newest         | review         | ended       | DIFFERENCE        | ended",
                "a,a   | a | b | newest         | review         | cut         | DIFFERENCE        | cut",
                "a,a   | b | a | newest         | review         | cut         | TO_CRM            | only-moved",
                "a,a   | a | b | newest         | review         | lock        | TO_PARTNER_CENTER | only-moved",
                "a,a   | a | b | newest         | review         | closed      | TO_PARTNER_CENTER | only-moved",
                "a,a   | b | c | newest         | review         | lock        | DIFFERENCE        | locked",
                // one way only
                "a,a   | b | a | newest         | review         | to-crm      | TO_CRM            | only-moved",
                "a,a   | a | b | newest         | review         | to-crm      | DIFFERENCE        | one-way",
                "a,a   | b | a | newest         | review         | to-pc       | DIFFERENCE        | one-way",
                "a,a   | a | b | newest         | review         | to-pc       | TO_PARTNER_CENTER | only-moved",
                "a,a   | b | c | newest         | review         | to-crm crm-later | DIFFERENCE   | one-way",
                "a,a   | b | c | newest         | review         | to-crm      | TO_CRM            | newest",
                "a,a   | b | c | newest         | review         | off         | NOTHING           | does-not-travel",
                // an unfinished plan
                "a,a   | x | x | newest         | review         | plan        | NOTHING           | confirmed-after-restart",
                "a,a   | b | x | newest         | review         | plan        | TO_CRM            | only-moved",
                "a,a   | x | c | newest         | review         | plan written | TO_PARTNER_CENTER | only-moved",
                "a,a   | x | c | newest         | review         | plan        | TO_CRM            | newest",
                "a,a   | x | a | newest         | review         | plan        | TO_CRM            | only-moved",
                "none  | x | x | newest         | review         | plan        | NOTHING           | confirmed-after-restart",
                "none  | x | c | newest         | review         | plan written | TO_PARTNER_CENTER | only-moved",
            })
    void decides(
            String base,
            String pc,
            String crm,
            String rule,
            String adoption,
            @Nullable String flags,
            Action action,
            String word) {
        Merge.Decision decision =
                decide(base, pc, crm, rule, adoption, flags == null ? List.of() : List.of(flags.split(" +", -1)));

        assertThat(decision.action()).isEqualTo(action);
        assertThat(decision.rule()).isEqualTo(word);
    }

    private static Merge.Decision decide(
            String base, String pc, String crm, String rule, String adoption, List<String> flags) {
        boolean toCrm = !flags.contains("to-pc") && !flags.contains("off");
        boolean toPartnerCenter = !flags.contains("to-crm") && !flags.contains("off");
        boolean adopted = base.equals("none");
        Instant crmAt = flags.contains("crm-later")
                ? EARLY.plusSeconds(10)
                : flags.contains("crm-soon") ? EARLY.plusSeconds(1) : EARLY;
        return Merge.decide(
                new Merge.Field(
                        value(pc),
                        value(crm),
                        adopted ? null : value(base.substring(0, base.indexOf(','))),
                        adopted ? null : value(base.substring(base.indexOf(',') + 1)),
                        toCrm ? value(pc) : null,
                        toPartnerCenter ? value(crm) : null,
                        EARLY,
                        crmAt,
                        flags.contains("plan")
                                ? new Merge.Planned(Direction.TO_CRM, value("x"), value("x"), flags.contains("written"))
                                : null,
                        null),
                new Merge.Terms(
                        rule(rule),
                        rule(adoption),
                        TERMS.entrySet().stream()
                                .filter(term -> flags.contains(term.getKey())
                                        || (term.getValue() == Term.TO_CRM && toCrm)
                                        || (term.getValue() == Term.TO_PARTNER_CENTER && toPartnerCenter))
                                .map(Map.Entry::getValue)
                                .collect(Collectors.toSet())),
                SAME);
    }

    private static final Map<String, Term> TERMS = Map.ofEntries(
            Map.entry("both", Term.TO_CRM),
            Map.entry("back", Term.TO_PARTNER_CENTER),
            Map.entry("e", Term.MAY_ERASE),
            Map.entry("cut", Term.CUT),
            Map.entry("map", Term.REMAPPED),
            Map.entry("lock", Term.CRM_LOCKED),
            Map.entry("closed", Term.CRM_CLOSED),
            Map.entry("ended", Term.PARTNER_CENTER_ENDED));

    private static JsonValue value(String text) {
        return text.equals("-") ? JsonValue.NULL : StoredJson.JSON.createValue(text);
    }

    private static ConflictRule rule(String word) {
        return switch (word) {
            case "partner-center" -> ConflictRule.PARTNER_CENTER;
            case "crm" -> ConflictRule.CRM;
            case "newest" -> ConflictRule.NEWEST;
            default -> ConflictRule.REVIEW;
        };
    }

    @Test
    void everyCombinationKeepsThePromises() {
        int combinations = 0;
        List<List<String>> sets =
                IntStream.range(0, 1024).mapToObj(MergeTest::flags).toList();
        for (String base : List.of("none", "a,a", "a,b", "-,-", "a,-", "-,a")) {
            for (String pc : List.of("a", "b", "-")) {
                for (String crm : List.of("a", "b", "c", "-", "x")) {
                    for (String rule : List.of("newest", "partner-center", "crm", "review")) {
                        for (String adoption :
                                base.equals("none") ? List.of("review", "partner-center", "crm") : List.of("review")) {
                            for (List<String> flags : sets) {
                                promises(base, pc, crm, rule, adoption, flags);
                                combinations++;
                            }
                        }
                    }
                }
            }
        }
        assertThat(combinations).isGreaterThan(400_000);
    }

    private static List<String> flags(int bits) {
        List<String> all =
                List.of("e", "cut", "map", "lock", "closed", "ended", "plan", "written", "crm-later", "to-crm");
        List<String> set = new ArrayList<>();
        for (int bit = 0; bit < all.size(); bit++) {
            if ((bits & (1 << bit)) != 0) {
                set.add(all.get(bit));
            }
        }
        return set;
    }

    private static void promises(String base, String pc, String crm, String rule, String adoption, List<String> set) {
        Merge.Decision decision = decide(base, pc, crm, rule, adoption, set);
        boolean equal = pc.equals(crm);
        boolean kept = switch (decision.action()) {
            case TO_CRM ->
                !equal && !set.contains("lock") && !set.contains("closed") && (!pc.equals("-") || set.contains("e"));
            case TO_PARTNER_CENTER ->
                !equal
                        && !set.contains("to-crm")
                        && !set.contains("ended")
                        && !set.contains("cut")
                        && (!crm.equals("-") || set.contains("e"))
                        // until it has travelled the CRM counts as moved, whatever happens next
                        && decision.crmBase() != null
                        && !crm.equals(text(decision.crmBase()));
            case ASK_MICROSOFT -> false;
            case CONFLICT -> !equal && (rule.equals("review") || base.equals("none"));
            case DIFFERENCE -> !equal;
            case NOTHING -> true;
        };
        if (!kept || (equal && decision.action() != Action.NOTHING) || equal != decision.equal()) {
            throw new AssertionError(
                    String.join(" | ", base, pc, crm, rule, adoption, set.toString()) + " decided " + decision);
        }
    }

    private static String text(JsonValue value) {
        return value.equals(JsonValue.NULL) ? "-" : ((jakarta.json.JsonString) value).getString();
    }

    /** Random edits on both sides, attempts killed anywhere: the sides converge, no edit is lost, nothing is written once equal. */
    @Test
    void convergesWhateverHappens() {
        for (long seed = 0; seed < 2000; seed++) {
            try {
                new History(new Random(seed)).run();
            } catch (AssertionError failed) {
                throw new AssertionError("seed " + seed, failed);
            }
        }
    }

    /** Two sides of one field, a store, and attempts that may be killed between any two steps. */
    private static final class History {
        private final Random random;
        private final ConflictRule rule;
        private Instant now = EARLY;
        private JsonValue pc = value("v0");
        private JsonValue crm = value("v0");
        private Instant pcAt = EARLY;
        private Instant crmAt = EARLY;
        private @Nullable JsonValue pcBase = value("v0");
        private @Nullable JsonValue crmBase = value("v0");
        private Merge.@Nullable Planned plan;
        private JsonValue before = value("v0");
        private int edits;
        private int writes;
        private JsonValue lastEdit = value("v0");
        private boolean lastEditInCrm;

        History(Random random) {
            this.random = random;
            this.rule = List.of(ConflictRule.NEWEST, ConflictRule.PARTNER_CENTER, ConflictRule.CRM)
                    .get(random.nextInt(3));
        }

        void run() {
            for (int step = 0; step < 40; step++) {
                now = now.plusSeconds(3);
                int what = random.nextInt(6);
                if (what < 2) {
                    lastEdit = value((what == 0 ? "p" : "c") + ++edits);
                    lastEditInCrm = what == 1;
                    if (lastEditInCrm) {
                        crm = lastEdit;
                        crmAt = now;
                    } else {
                        pc = lastEdit;
                        pcAt = now;
                    }
                } else {
                    attempt(random.nextInt(5));
                }
                if (rule == ConflictRule.NEWEST && !lastEdit.equals(lastEditInCrm ? crm : pc)) {
                    throw new AssertionError("the person's edit " + lastEdit + " was overwritten: " + pc + " " + crm);
                }
            }
            for (int calm = 0; calm < 3; calm++) {
                attempt(4);
            }
            int writesThen = writes;
            attempt(4);
            assertThat(writes).as("quiet means quiet").isEqualTo(writesThen);
            assertThat(pc).isEqualTo(crm);
            if (rule == ConflictRule.NEWEST) {
                assertThat(pc).isEqualTo(lastEdit);
            }
        }

        private Merge.Decision decision() {
            Merge.Planned found = plan;
            if (found != null) {
                JsonValue side = found.direction() == Direction.TO_CRM ? crm : pc;
                boolean personsNow = !side.equals(before) && !side.equals(found.value());
                found = new Merge.Planned(
                        found.direction(), found.source(), found.value(), found.written() || personsNow);
            }
            return Merge.decide(
                    new Merge.Field(pc, crm, pcBase, crmBase, pc, crm, pcAt, crmAt, found, null),
                    new Merge.Terms(rule, ConflictRule.REVIEW, Set.of(Term.TO_CRM, Term.TO_PARTNER_CENTER)),
                    SAME);
        }

        /** Steps: plan stored, written, marked written, ended; the attempt is killed after so many. */
        private void attempt(int steps) {
            Merge.Decision decision = decision();
            boolean toCrm = decision.action() == Action.TO_CRM;
            if (!toCrm && decision.action() != Action.TO_PARTNER_CENTER) {
                if (steps == 4) {
                    pcBase = decision.partnerCenterBase();
                    crmBase = decision.crmBase();
                    plan = null;
                }
                return;
            }
            if (steps < 1) {
                return;
            }
            JsonValue value = toCrm ? pc : crm;
            Direction direction = toCrm ? Direction.TO_CRM : Direction.TO_PARTNER_CENTER;
            pcBase = decision.partnerCenterBase();
            crmBase = decision.crmBase();
            before = toCrm ? crm : pc;
            plan = new Merge.Planned(direction, value, value, false);
            if (steps < 2) {
                return;
            }
            writes++;
            if (toCrm) {
                crm = value;
                crmAt = now;
            } else {
                pc = value;
                pcAt = now;
            }
            if (steps < 3) {
                return;
            }
            plan = new Merge.Planned(direction, value, value, true);
            if (steps < 4) {
                return;
            }
            pcBase = pc;
            crmBase = crm;
            plan = null;
        }
    }
}
