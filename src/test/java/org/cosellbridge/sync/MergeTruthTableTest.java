package org.cosellbridge.sync;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.cosellbridge.mapping.ConflictRule;
import org.cosellbridge.sync.Merge.Action;
import org.cosellbridge.sync.Merge.Term;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The merge's truth table, in full: for every combination of base, both values, direction, rule, newer side, erasing and adoption
 * exactly one row says what is to be done. The rows are the specification; they share no code with the merge.
 */
class MergeTruthTableTest {
    private static final Instant EARLY = Instant.parse("2026-11-20T10:00:00Z");
    private static final Merge.Sides SIDES = new Merge.Sides() {
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
     * One line of the table; a column may hold several words, {@code *} any. {@code base}: A or none. {@code winner}: whose value the
     * conflict rule prefers, by the table {@link #winner}. Directions: both, to-crm, to-pc; create (both ways at the create only);
     * fill (to the CRM at the create only); to-pc+fill (to Partner Center always, to the CRM at the create only).
     */
    private static final String TABLE = """
            # base | partner center | crm  | direction                | winner | erase | adoption       | action            | word
            # ---- both sides hold the same
            *      | -              | -    | *                        | *      | *     | *              | NOTHING           | equal
            *      | A              | A    | *                        | *      | *     | *              | NOTHING           | equal
            *      | B              | B    | *                        | *      | *     | *              | NOTHING           | equal
            # ---- only Partner Center moved
            A      | B              | A    | both to-crm              | *      | *     | *              | TO_CRM            | only-moved
            A      | B              | A    | to-pc to-pc+fill         | *      | *     | *              | DIFFERENCE        | one-way
            A      | -              | A    | both to-crm              | *      | yes   | *              | TO_CRM            | only-moved
            A      | -              | A    | both to-crm              | *      | no    | *              | DIFFERENCE        | empty-never-erases
            A      | -              | A    | to-pc to-pc+fill         | *      | *     | *              | DIFFERENCE        | one-way
            # ---- only the CRM moved
            A      | A              | B C  | both to-pc to-pc+fill    | *      | *     | *              | TO_PARTNER_CENTER | only-moved
            A      | A              | B C  | to-crm                   | *      | *     | *              | DIFFERENCE        | one-way
            A      | A              | -    | both to-pc to-pc+fill    | *      | yes   | *              | TO_PARTNER_CENTER | only-moved
            A      | A              | -    | both to-pc to-pc+fill    | *      | no    | *              | DIFFERENCE        | empty-never-erases
            A      | A              | -    | to-crm                   | *      | *     | *              | DIFFERENCE        | one-way
            # ---- both moved apart, and a person is to decide
            A      | B              | C -  | both to-crm to-pc to-pc+fill | none | *   | *              | CONFLICT          | review
            A      | -              | B C  | both to-crm to-pc to-pc+fill | none | *   | *              | CONFLICT          | review
            # ---- both moved apart, to values
            A      | B              | C    | both to-crm              | pc     | *     | *              | TO_CRM            | rule
            A      | B              | C    | to-pc to-pc+fill         | pc     | *     | *              | DIFFERENCE        | one-way
            A      | B              | C    | both to-pc to-pc+fill    | crm    | *     | *              | TO_PARTNER_CENTER | rule
            A      | B              | C    | to-crm                   | crm    | *     | *              | DIFFERENCE        | one-way
            # ---- both moved, Partner Center was emptied: an empty winner never erases, an empty loser is filled
            A      | -              | B C  | both to-crm              | pc     | yes   | *              | TO_CRM            | rule
            A      | -              | B C  | to-pc to-pc+fill         | pc     | yes   | *              | DIFFERENCE        | one-way
            A      | -              | B C  | both to-pc to-pc+fill    | pc     | no    | *              | TO_PARTNER_CENTER | filled
            A      | -              | B C  | to-crm                   | pc     | no    | *              | DIFFERENCE        | empty-never-erases
            A      | -              | B C  | both to-pc to-pc+fill    | crm    | *     | *              | TO_PARTNER_CENTER | rule
            A      | -              | B C  | to-crm                   | crm    | *     | *              | DIFFERENCE        | one-way
            # ---- both moved, the CRM was emptied
            A      | B              | -    | both to-pc to-pc+fill    | crm    | yes   | *              | TO_PARTNER_CENTER | rule
            A      | B              | -    | to-crm                   | crm    | yes   | *              | DIFFERENCE        | one-way
            A      | B              | -    | both to-crm              | crm    | no    | *              | TO_CRM            | filled
            A      | B              | -    | to-pc to-pc+fill         | crm    | no    | *              | DIFFERENCE        | empty-never-erases
            A      | B              | -    | both to-crm              | pc     | *     | *              | TO_CRM            | rule
            A      | B              | -    | to-pc to-pc+fill         | pc     | *     | *              | DIFFERENCE        | one-way
            # ---- what travels only with a create stays as it is, and is told where it could have travelled both ways
            A      | B              | A C -| create                   | *      | *     | *              | DIFFERENCE        | create-only
            A      | A              | B C -| create                   | *      | *     | *              | DIFFERENCE        | create-only
            A      | -              | A B C| create                   | *      | *     | *              | DIFFERENCE        | create-only
            A      | B              | A C -| fill                     | *      | *     | *              | NOTHING           | does-not-travel
            A      | A              | B C -| fill                     | *      | *     | *              | NOTHING           | does-not-travel
            A      | -              | A B C| fill                     | *      | *     | *              | NOTHING           | does-not-travel
            # ---- no baseline: empties are filled
            none   | A B            | -    | both to-crm create fill to-pc+fill | * | * | *              | TO_CRM            | filled
            none   | A B            | -    | to-pc                    | *      | *     | *              | NOTHING           | nothing-to-fill
            none   | -              | A B C| both to-pc to-pc+fill    | *      | *     | *              | TO_PARTNER_CENTER | filled
            none   | -              | A B C| to-crm                   | *      | *     | *              | NOTHING           | nothing-to-fill
            none   | -              | A B C| create fill              | *      | *     | *              | NOTHING           | does-not-travel
            # ---- no baseline: real differences follow the adoption rule
            none   | A              | B C  | both to-crm to-pc to-pc+fill | *  | *     | review         | CONFLICT          | adoption
            none   | B              | A C  | both to-crm to-pc to-pc+fill | *  | *     | review         | CONFLICT          | adoption
            none   | A              | B C  | both to-crm              | *      | *     | partner-center | TO_CRM            | adoption
            none   | B              | A C  | both to-crm              | *      | *     | partner-center | TO_CRM            | adoption
            none   | A              | B C  | to-pc to-pc+fill         | *      | *     | partner-center | NOTHING           | adoption
            none   | B              | A C  | to-pc to-pc+fill         | *      | *     | partner-center | NOTHING           | adoption
            none   | A              | B C  | both to-pc to-pc+fill    | *      | *     | crm            | TO_PARTNER_CENTER | adoption
            none   | B              | A C  | both to-pc to-pc+fill    | *      | *     | crm            | TO_PARTNER_CENTER | adoption
            none   | A              | B C  | to-crm                   | *      | *     | crm            | NOTHING           | adoption
            none   | B              | A C  | to-crm                   | *      | *     | crm            | NOTHING           | adoption
            none   | A              | B C  | create                   | *      | *     | *              | DIFFERENCE        | create-only
            none   | B              | A C  | create                   | *      | *     | *              | DIFFERENCE        | create-only
            none   | A              | B C  | fill                     | *      | *     | *              | NOTHING           | does-not-travel
            none   | B              | A C  | fill                     | *      | *     | *              | NOTHING           | does-not-travel
            """;

    private static final Map<String, Set<Term>> DIRECTIONS = Map.of(
            "both", EnumSet.of(Term.TO_CRM, Term.TO_PARTNER_CENTER, Term.FILLS_CRM),
            "to-crm", EnumSet.of(Term.TO_CRM, Term.FILLS_CRM),
            "to-pc", EnumSet.of(Term.TO_PARTNER_CENTER),
            "create", EnumSet.of(Term.FILLS_CRM, Term.CREATE_ONLY),
            "fill", EnumSet.of(Term.FILLS_CRM),
            "to-pc+fill", EnumSet.of(Term.TO_PARTNER_CENTER, Term.FILLS_CRM));

    private static final List<String> RULES = List.of("partner-center", "crm", "newest", "review");
    private static final List<String> NEWER = List.of("pc", "crm", "same");

    /** One combination of everything a decision depends on. */
    private record Combination(
            String base,
            String pc,
            String crm,
            String direction,
            String rule,
            String newer,
            String erase,
            String adoption) {}

    /** Whose value the rule prefers when both moved apart. */
    private static String winner(String rule, String newer) {
        return switch (rule + " " + newer) {
            case "partner-center pc", "partner-center crm", "partner-center same" -> "pc";
            case "crm pc", "crm crm", "crm same" -> "crm";
            case "newest pc", "newest same" -> "pc";
            case "newest crm" -> "crm";
            default -> "none";
        };
    }

    private static void everyCombination(Consumer<Combination> test) {
        for (String base : List.of("none", "A")) {
            for (String pc : List.of("-", "A", "B")) {
                for (String crm : List.of("-", "A", "B", "C")) {
                    for (String direction : DIRECTIONS.keySet()) {
                        for (String rule : RULES) {
                            for (String newer : NEWER) {
                                for (String erase : List.of("yes", "no")) {
                                    for (String adoption : List.of("review", "partner-center", "crm")) {
                                        test.accept(new Combination(
                                                base, pc, crm, direction, rule, newer, erase, adoption));
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private static List<List<String>> rows() {
        return TABLE.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> List.of(line.split("\\|", -1)).stream()
                        .map(String::strip)
                        .toList())
                .toList();
    }

    private static boolean matches(List<String> row, Combination one) {
        return holds(row.get(0), one.base())
                && holds(row.get(1), one.pc())
                && holds(row.get(2), one.crm())
                && holds(row.get(3), one.direction())
                && holds(row.get(4), winner(one.rule(), one.newer()))
                && holds(row.get(5), one.erase())
                && holds(row.get(6), one.adoption());
    }

    private static boolean holds(String column, String word) {
        return column.equals("*") || List.of(column.split(" +", -1)).contains(word);
    }

    @Test
    void everyCombinationIsDecidedAsItsOneRowSays() {
        List<List<String>> rows = rows();
        List<String> wrong = new ArrayList<>();
        int[] seen = {0};
        everyCombination(one -> {
            seen[0]++;
            List<List<String>> matching =
                    rows.stream().filter(row -> matches(row, one)).toList();
            if (matching.size() != 1) {
                wrong.add(one + " has the rows " + matching);
                return;
            }
            List<String> row = matching.get(0);
            Merge.Decision decision = decide(one, Set.of(), null);
            String word = row.get(8).equals("rule") ? one.rule() : row.get(8);
            if (decision.action() != Action.valueOf(row.get(7))
                    || !decision.rule().equals(word)) {
                wrong.add(one + " should be " + row.get(7) + " " + word + " but is " + decision);
            }
        });
        assertThat(wrong.stream().limit(10)).isEmpty();
        assertThat(seen[0]).isEqualTo(2 * 3 * 4 * 6 * 4 * 3 * 2 * 3);
    }

    @Test
    void noRowIsIdle() {
        List<List<String>> rows = new ArrayList<>(rows());
        everyCombination(one -> rows.removeIf(row -> matches(row, one)));

        assertThat(rows).isEmpty();
    }

    private static final List<Set<Term>> LIMITS = List.of(
            Set.of(),
            Set.of(Term.CRM_LOCKED),
            Set.of(Term.CRM_CLOSED),
            Set.of(Term.PARTNER_CENTER_ENDED),
            Set.of(Term.CUT),
            Set.of(Term.REMAPPED),
            Set.of(Term.ASKS),
            Set.of(Term.NOT_EXPLICIT),
            Set.of(Term.NOT_EXPLICIT, Term.ASKS),
            Set.of(Term.PARTNER_CENTER_HOLDS),
            Set.of(Term.CRM_CLOSED, Term.PARTNER_CENTER_ENDED),
            Set.of(Term.REMAPPED, Term.CRM_LOCKED),
            Set.of(Term.REMAPPED, Term.PARTNER_CENTER_ENDED));

    /** What is decided is done, and the next look finds nothing to do or the same that a person must know: no ping-pong. */
    @Test
    void whatWasDoneIsNeverUndoneByTheNextLook() {
        int[] writes = {0};
        everyCombination(one -> {
            for (Set<Term> limits : LIMITS) {
                for (Merge.@Nullable Choice choice : choices()) {
                    writes[0] += settles(one, limits, choice);
                }
            }
        });
        assertThat(writes[0]).isGreaterThan(100_000);
    }

    private static List<Merge.@Nullable Choice> choices() {
        List<Merge.@Nullable Choice> choices = new ArrayList<>();
        choices.add(null);
        choices.add(new Merge.Choice(Decided.Side.PARTNER_CENTER, null, null));
        choices.add(new Merge.Choice(Decided.Side.CRM, null, null));
        choices.add(new Merge.Choice(Decided.Side.VALUE, value("D"), value("D")));
        choices.add(new Merge.Choice(Decided.Side.VALUE, value("D"), null));
        choices.add(new Merge.Choice(Decided.Side.VALUE, value("-"), value("-")));
        return choices;
    }

    /** Looks and does until nothing is done any more; the number of writes. */
    private static int settles(Combination one, Set<Term> limits, Merge.@Nullable Choice choice) {
        JsonValue pc = value(one.pc());
        JsonValue crm = value(one.crm());
        JsonValue pcBase = one.base().equals("none") ? null : value(one.base());
        JsonValue crmBase = pcBase;
        JsonValue pcSeen = pc;
        JsonValue crmSeen = crm;
        Set<Term> terms = EnumSet.copyOf(limits.isEmpty() ? EnumSet.noneOf(Term.class) : limits);
        int writes = 0;
        for (int look = 0; look < 4; look++) {
            // a decision of a person holds while both sides hold what the person saw, or Partner Center what was typed
            boolean inForce = choice != null && crm.equals(crmSeen) && (pc.equals(pcSeen) || pc.equals(choice.value()));
            Merge.Decision decision = decide(one, terms, pc, crm, pcBase, crmBase, inForce ? choice : null);
            JsonValue typed = decision.typed();
            JsonValue pcBefore = pc;
            // the baseline that is stored now names the new mapping
            terms.remove(Term.REMAPPED);
            switch (decision.action()) {
                case TO_CRM -> {
                    crm = typed == null ? pc : typed;
                    pcBase = pc;
                    crmBase = crm;
                }
                case TO_PARTNER_CENTER -> {
                    pc = typed == null ? crm : typed;
                    pcBase = typed == null ? pc : pcBefore;
                    crmBase = crm;
                }
                case ASK_MICROSOFT -> {
                    pc = typed == null ? crm : typed;
                    pcBase = decision.partnerCenterBase();
                    crmBase = decision.crmBase();
                }
                case NOTHING, CONFLICT, DIFFERENCE -> {
                    Merge.Decision again = decide(
                            one,
                            terms,
                            pc,
                            crm,
                            decision.partnerCenterBase(),
                            decision.crmBase(),
                            inForce ? choice : null);
                    boolean stays = again.action() == Action.NOTHING
                            || (again.action() == decision.action()
                                    && again.rule().equals(decision.rule()));
                    if (!stays) {
                        throw new AssertionError(
                                one + " " + limits + " " + choice + ": " + decision + ", then " + again);
                    }
                    if (inForce && decision.action() == Action.DIFFERENCE) {
                        Merge.Decision without =
                                decide(one, terms, pc, crm, decision.partnerCenterBase(), decision.crmBase(), null);
                        if (without.action() != Action.NOTHING && without.action() != Action.DIFFERENCE) {
                            throw new AssertionError(
                                    one + " " + limits + " " + choice + ": refused " + decision + ", then " + without);
                        }
                    }
                    return writes;
                }
            }
            writes++;
            int most = choice != null && choice.side() == Decided.Side.VALUE ? 2 : 1;
            if (writes > most) {
                throw new AssertionError(one + " " + limits + " " + choice + ": written " + writes + " times");
            }
        }
        throw new AssertionError(one + " " + limits + " " + choice + " never comes to rest");
    }

    @Test
    void noLimitIsEverOversteppedAndWhatStaysApartHasASentence() {
        everyCombination(one -> {
            for (Set<Term> limits : LIMITS) {
                Merge.Decision decision = decide(one, limits, null);
                boolean fine = switch (decision.action()) {
                    case TO_CRM ->
                        !limits.contains(Term.CRM_LOCKED)
                                && !limits.contains(Term.CRM_CLOSED)
                                && (!one.pc().equals("-") || one.erase().equals("yes"))
                                && !one.direction().equals("to-pc");
                    case TO_PARTNER_CENTER ->
                        !limits.contains(Term.PARTNER_CENTER_ENDED)
                                && !limits.contains(Term.CUT)
                                && !limits.contains(Term.ASKS)
                                && (!one.crm().equals("-") || one.erase().equals("yes"))
                                && one.direction().matches("both|to-pc.*");
                    case ASK_MICROSOFT ->
                        limits.contains(Term.ASKS)
                                && one.pc().equals("-")
                                && !one.crm().equals("-")
                                && !limits.contains(Term.NOT_EXPLICIT);
                    case CONFLICT -> one.rule().equals("review") || one.base().equals("none");
                    case NOTHING, DIFFERENCE -> true;
                };
                if (decision.action() == Action.CONFLICT || decision.action() == Action.DIFFERENCE) {
                    boolean conflict = decision.action() == Action.CONFLICT;
                    assertThat(Sentences.of(conflict ? Finding.CONFLICT : Finding.DIFFERENCE, decision.rule()))
                            .endsWith(".");
                }
                if (!fine || (one.pc().equals(one.crm()) && decision.action() != Action.NOTHING)) {
                    throw new AssertionError(one + " " + limits + " decided " + decision);
                }
            }
        });
    }

    private static Merge.Decision decide(Combination one, Set<Term> limits, Merge.@Nullable Choice choice) {
        JsonValue base = one.base().equals("none") ? null : value(one.base());
        return decide(one, limits, value(one.pc()), value(one.crm()), base, base, choice);
    }

    private static Merge.Decision decide(
            Combination one,
            Set<Term> limits,
            JsonValue pc,
            JsonValue crm,
            @Nullable JsonValue pcBase,
            @Nullable JsonValue crmBase,
            Merge.@Nullable Choice choice) {
        Set<Term> terms = EnumSet.copyOf(DIRECTIONS.get(one.direction()));
        terms.addAll(limits);
        if (one.erase().equals("yes")) {
            terms.add(Term.MAY_ERASE);
        }
        boolean toCrm = terms.contains(Term.TO_CRM) || terms.contains(Term.FILLS_CRM);
        boolean toPartnerCenter =
                terms.contains(Term.TO_PARTNER_CENTER) || terms.contains(Term.CREATE_ONLY) || terms.contains(Term.ASKS);
        return Merge.decide(
                new Merge.Field(
                        pc,
                        crm,
                        pcBase,
                        crmBase,
                        toCrm ? pc : null,
                        toPartnerCenter ? crm : null,
                        one.newer().equals("pc") ? EARLY.plusSeconds(10) : EARLY,
                        one.newer().equals("crm") ? EARLY.plusSeconds(10) : EARLY.plusSeconds(1),
                        null,
                        choice),
                new Merge.Terms(rule(one.rule()), rule(one.adoption()), terms),
                SIDES);
    }

    private static JsonValue value(String word) {
        return word.equals("-") ? JsonValue.NULL : StoredJson.JSON.createValue(word);
    }

    private static ConflictRule rule(String word) {
        return switch (word) {
            case "partner-center" -> ConflictRule.PARTNER_CENTER;
            case "crm" -> ConflictRule.CRM;
            case "newest" -> ConflictRule.NEWEST;
            default -> ConflictRule.REVIEW;
        };
    }
}
