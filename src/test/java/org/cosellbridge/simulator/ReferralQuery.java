package org.cosellbridge.simulator;

import static org.cosellbridge.simulator.JsonTree.text;

import jakarta.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The documented part of a list query: {@code $filter} with {@code eq}, {@code and}, parentheses and {@code any} over the
 * documented fields, {@code $orderby} by one of two times, {@code $select} and {@code $top}.
 *
 * @param filter which referrals
 * @param order how they are sorted
 * @param orderKey the time they are sorted by
 * @param descending whether the newest comes first
 * @param select the wanted members, empty for all
 * @param top the most that is wanted
 */
record ReferralQuery(
        Predicate<JsonObject> filter,
        Comparator<JsonObject> order,
        String orderKey,
        boolean descending,
        Set<String> select,
        int top) {
    private static final Pattern TOKEN = Pattern.compile("\\s*(?:('(?:[^']|'')*')|([()])|([^\\s()']+))");
    private static final Pattern ORDER = Pattern.compile("(createdDateTime|updatedDateTime)(?: (asc|desc))?");
    private static final Map<String, Set<String>> ENUMS = Map.of(
            "status", ReferralRules.STATUSES,
            "substatus", ReferralRules.SUBSTATUSES,
            "qualification", ReferralRules.QUALIFICATIONS,
            "type", ReferralRules.TYPES,
            "direction", ReferralRules.DIRECTIONS);
    private static final Set<String> QUOTED_TEXTS = Set.of("customerProfile/address/country");

    /** The query of these options. Anything undocumented is refused with 400. */
    static ReferralQuery of(Map<String, String> options, boolean allowsGreaterOrEqual) {
        String filter = options.get("$filter");
        String orderBy = options.getOrDefault("$orderby", "createdDateTime desc");
        Matcher order = ORDER.matcher(orderBy.strip());
        if (!order.matches()) {
            throw ReferralErrors.invalid("$orderby", "invalidQuery", "Sorting by '" + orderBy + "' is not supported.");
        }
        String key = "/" + order.group(1);
        boolean descending = "desc".equals(order.group(2));
        Comparator<JsonObject> ascending = Comparator.<JsonObject, String>comparing(
                        referral -> text(referral, key).orElse(""))
                .thenComparing(ReferralStore::id);
        return new ReferralQuery(
                filter == null ? referral -> true : new Parser(filter, allowsGreaterOrEqual).parse(),
                descending ? ascending.reversed() : ascending,
                key,
                descending,
                select(options.getOrDefault("$select", "")),
                top(options.get("$top")));
    }

    private static Set<String> select(String select) {
        return Arrays.stream(select.split(",", -1))
                .map(String::strip)
                .filter(member -> !member.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    private static int top(@Nullable String top) {
        if (top == null) {
            return Integer.MAX_VALUE;
        }
        if (!top.matches("[1-9][0-9]{0,8}")) {
            throw ReferralErrors.invalid("$top", "invalidQuery", "$top must be a whole number above 0.");
        }
        return Integer.parseInt(top);
    }

    private static final class Parser {
        private final List<String> tokens = new ArrayList<>();
        private final boolean allowsGreaterOrEqual;
        private int next;

        Parser(String filter, boolean allowsGreaterOrEqual) {
            this.allowsGreaterOrEqual = allowsGreaterOrEqual;
            Matcher token = TOKEN.matcher(filter.strip());
            int end = 0;
            while (end < filter.strip().length()) {
                if (!token.find(end) || token.start() != end) {
                    throw refused("it cannot be read from character " + end);
                }
                tokens.add(token.group().strip());
                end = token.end();
            }
        }

        Predicate<JsonObject> parse() {
            Predicate<JsonObject> all = conjunction();
            if (next != tokens.size()) {
                throw refused("'" + peek() + "' is not supported");
            }
            return all;
        }

        private Predicate<JsonObject> conjunction() {
            Predicate<JsonObject> all = term();
            while (peek().equals("and")) {
                next++;
                all = all.and(term());
            }
            return all;
        }

        private Predicate<JsonObject> term() {
            String token = take();
            if (token.equals("(")) {
                Predicate<JsonObject> inner = conjunction();
                expect(")");
                return inner;
            }
            if (token.equals("team/any")) {
                expect("(");
                String variable = take();
                if (!variable.matches("([a-z]+):\\1/email")) {
                    throw refused("any() is supported over t/email only");
                }
                expect("eq");
                String email = quoted(take());
                expect(")");
                return referral -> JsonTree.objects(referral, "/team").stream()
                        .anyMatch(member ->
                                email.equalsIgnoreCase(text(member, "/email").orElse("")));
            }
            return comparison(token, take(), take());
        }

        private Predicate<JsonObject> comparison(String field, String operator, String literal) {
            if (field.equals("updatedDateTime") && operator.equals("ge") && allowsGreaterOrEqual) {
                Instant from = time(literal);
                return referral ->
                        !Instant.parse(referral.getString("updatedDateTime")).isBefore(from);
            }
            if (!operator.equals("eq")) {
                throw refused("the operator '" + operator + "' is not supported");
            }
            if (field.equals("updatedDateTime")) {
                Instant at = time(literal);
                return referral ->
                        Instant.parse(referral.getString("updatedDateTime")).equals(at);
            }
            if (field.equals("engagementId")) {
                String id = literal.startsWith("'") ? quoted(literal) : literal;
                return referral ->
                        id.equalsIgnoreCase(text(referral, "/engagementId").orElse(""));
            }
            Set<String> known = ENUMS.get(field);
            if (known == null && !QUOTED_TEXTS.contains(field)) {
                throw refused("the field '" + field + "' is not supported");
            }
            String wanted = quoted(literal);
            if (known != null && !known.contains(wanted)) {
                throw refused("'" + wanted + "' is no value of " + field);
            }
            return referral -> wanted.equals(text(referral, "/" + field).orElse(""));
        }

        private static Instant time(String literal) {
            try {
                return Instant.parse(literal);
            } catch (DateTimeException malformed) {
                throw refused("'" + literal + "' is no time");
            }
        }

        private static String quoted(String literal) {
            if (literal.length() < 2 || !literal.startsWith("'")) {
                throw refused("'" + literal + "' must be quoted");
            }
            return literal.substring(1, literal.length() - 1).replace("''", "'");
        }

        private void expect(String token) {
            String found = take();
            if (!found.equals(token)) {
                throw refused("'" + token + "' is expected instead of '" + found + "'");
            }
        }

        private String take() {
            String token = peek();
            if (token.isEmpty()) {
                throw refused("it ends too early");
            }
            next++;
            return token;
        }

        private String peek() {
            return next < tokens.size() ? tokens.get(next) : "";
        }

        private static SimulatorAnswer.RefusedException refused(String why) {
            return ReferralErrors.invalid("$filter", "invalidQuery", "The filter is refused: " + why + ".");
        }
    }
}
