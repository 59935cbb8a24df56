package org.cosellbridge.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads SOQL as far as the simulator knows it: SELECT with fields, parents' fields and subqueries of children, WHERE, ORDER BY and
 * LIMIT. Text that Salesforce would not understand is MALFORMED_QUERY; what Salesforce would, but this parser does not, is answered
 * with 501, so that nobody takes the one for the other.
 */
final class SalesforceSoql {
    private static final int LONGEST = 100_000;
    private static final int LONGEST_LITERAL = 4_000;
    private static final int HEX_DIGITS = 4;
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z]\\w*(?:\\.[A-Za-z]\\w*)*");
    private static final Pattern TIME = Pattern.compile(
            "\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,3})?(?:Z|[+-]\\d\\d:?\\d\\d))?(?![\\w:])");
    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d+(?:\\.\\d+)?(?![\\w.])");
    private static final Set<String> RESERVED = Set.of(
            "select",
            "from",
            "where",
            "and",
            "or",
            "not",
            "in",
            "like",
            "order",
            "by",
            "limit",
            "asc",
            "desc",
            "nulls",
            "first",
            "last",
            "null",
            "true",
            "false",
            "group",
            "having",
            "offset",
            "for",
            "with",
            "using",
            "includes",
            "excludes");
    private static final Set<String> BEYOND = Set.of(
            "group", "having", "offset", "for", "with", "using", "includes", "excludes", "all", "typeof", "update");

    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    private SalesforceSoql(String text) {
        this.text = text;
    }

    enum TokenType {
        IDENTIFIER,
        STRING,
        NUMBER,
        BOOLEAN,
        NULL,
        DATE,
        DATETIME,
        SYMBOL,
        END
    }

    private record Token(TokenType type, String text, int column) {}

    /** A value in a condition. In STRING text every escape is resolved, but for LIKE, where {@code \%} and {@code \_} stay. */
    record Literal(TokenType type, String text) {}

    /** A part of a WHERE clause. */
    sealed interface Condition {}

    record All(List<Condition> parts) implements Condition {}

    record Any(List<Condition> parts) implements Condition {}

    record Not(Condition part) implements Condition {}

    /** One comparison; the operator is one of {@code = != < <= > >= LIKE IN, NOT IN}; only the last two have several values. */
    record Compare(String field, String operator, List<Literal> values) implements Condition {}

    record Order(String field, boolean descending, boolean nullsLast) {}

    /**
     * A query.
     *
     * @param fields as written, such as {@code Name} or {@code Account.Name}
     * @param children subqueries
     * @param from the object, or the relationship in a subquery
     * @param limit negative for none
     */
    record Query(
            List<String> fields,
            List<Query> children,
            String from,
            Optional<Condition> where,
            List<Order> order,
            int limit) {}

    static Query parse(String text) {
        if (text.length() > LONGEST) {
            throw SalesforceRefusal.bad("MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters.");
        }
        SalesforceSoql soql = new SalesforceSoql(text);
        soql.tokenize();
        Query query = soql.query(false);
        Token rest = soql.peek();
        if (rest.type() != TokenType.END) {
            throw soql.unexpected(rest);
        }
        return query;
    }

    // --- tokens ----------------------------------------------------------------------------------------------------

    private void tokenize() {
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c)) {
                i++;
            } else if (c == '\'') {
                i = string(i);
            } else {
                i = other(i);
            }
        }
        tokens.add(new Token(TokenType.END, "<EOF>", text.length()));
    }

    private int other(int start) {
        Optional<String> word = matched(IDENTIFIER, start);
        if (word.isPresent()) {
            TokenType type = switch (word.get().toLowerCase(Locale.ROOT)) {
                case "null" -> TokenType.NULL;
                case "true", "false" -> TokenType.BOOLEAN;
                default -> TokenType.IDENTIFIER;
            };
            return add(type, word.get(), start);
        }
        Optional<String> time = matched(TIME, start);
        if (time.isPresent()) {
            return add(time.get().contains("T") ? TokenType.DATETIME : TokenType.DATE, time.get(), start);
        }
        Optional<String> number = matched(NUMBER, start);
        if (number.isPresent()) {
            return add(TokenType.NUMBER, number.get(), start);
        }
        for (String symbol : List.of("!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",")) {
            if (text.startsWith(symbol, start)) {
                add(TokenType.SYMBOL, symbol.equals("<>") ? "!=" : symbol, start);
                return start + symbol.length();
            }
        }
        throw malformed("unexpected token: '" + text.charAt(start) + "'", start);
    }

    private Optional<String> matched(Pattern pattern, int start) {
        Matcher matcher = pattern.matcher(text).region(start, text.length());
        return matcher.lookingAt() ? Optional.of(matcher.group()) : Optional.empty();
    }

    private int add(TokenType type, String token, int start) {
        tokens.add(new Token(type, token, start));
        return start + token.length();
    }

    private int string(int start) {
        // for LIKE, escaped wildcards stay escaped
        boolean like = !tokens.isEmpty() && tokens.get(tokens.size() - 1).text().equalsIgnoreCase("like");
        StringBuilder value = new StringBuilder();
        int i = start + 1;
        while (true) {
            if (i >= text.length()) {
                throw malformed("string literal is not closed", start);
            }
            char c = text.charAt(i);
            if (c == '\'') {
                break;
            }
            if (c == '\n' || c == '\r') {
                throw malformed("line break in a string literal", i);
            }
            if (c != '\\') {
                value.append(c);
                i++;
            } else {
                i = escape(i + 1, value, like);
            }
        }
        if (value.length() > LONGEST_LITERAL) {
            throw malformed("string literal longer than 4000 characters", start);
        }
        tokens.add(new Token(TokenType.STRING, value.toString(), start));
        return i + 1;
    }

    private int escape(int i, StringBuilder value, boolean like) {
        char c = i < text.length() ? text.charAt(i) : ' ';
        switch (c) {
            case '\'', '"' -> value.append(c);
            case '\\' -> value.append(like ? "\\\\" : "\\");
            case 'n', 'N' -> value.append('\n');
            case 'r', 'R' -> value.append('\r');
            case 't', 'T' -> value.append('\t');
            case 'b', 'B' -> value.append('\b');
            case 'f', 'F' -> value.append('\f');
            case 'u' -> {
                String hex = text.substring(i + 1, Math.min(text.length(), i + 1 + HEX_DIGITS));
                if (!hex.matches("[0-9A-Fa-f]{4}")) {
                    throw malformed("Illegal string literal: bad \\u escape", i);
                }
                value.append((char) Integer.parseInt(hex, 16));
                return i + 1 + HEX_DIGITS;
            }
            case '_', '%' -> {
                if (!like) {
                    throw malformed("Illegal escape \\" + c + " outside of LIKE", i);
                }
                value.append('\\').append(c);
            }
            default -> throw malformed("Illegal string literal: Invalid string escape \\" + c, i);
        }
        return i + 1;
    }

    // --- grammar ---------------------------------------------------------------------------------------------------

    private Query query(boolean child) {
        keyword("select");
        List<String> fields = new ArrayList<>();
        List<Query> children = new ArrayList<>();
        do {
            if (isSymbol("(")) {
                if (child) {
                    throw unexpected(peek());
                }
                next();
                children.add(query(true));
                symbol(")");
            } else {
                fields.add(name());
                if (isSymbol("(")) {
                    throw beyond("a function in SELECT");
                }
            }
        } while (skipSymbol(","));
        keyword("from");
        String from = name();
        Optional<Condition> where = skipKeyword("where") ? Optional.of(condition()) : Optional.empty();
        List<Order> order = new ArrayList<>();
        if (skipKeyword("order")) {
            keyword("by");
            do {
                order.add(order());
            } while (skipSymbol(","));
        }
        int limit = skipKeyword("limit") ? limit() : -1;
        if (peek().type() == TokenType.IDENTIFIER
                && BEYOND.contains(peek().text().toLowerCase(Locale.ROOT))) {
            throw beyond(peek().text());
        }
        return new Query(List.copyOf(fields), List.copyOf(children), from, where, List.copyOf(order), limit);
    }

    private int limit() {
        Token token = next();
        if (token.type() != TokenType.NUMBER || !token.text().matches("\\d{1,9}")) {
            throw unexpected(token);
        }
        return Integer.parseInt(token.text());
    }

    private Order order() {
        String field = name();
        boolean descending = false;
        if (skipKeyword("desc")) {
            descending = true;
        } else {
            skipKeyword("asc");
        }
        boolean nullsLast = false;
        if (skipKeyword("nulls")) {
            nullsLast = skipKeyword("last");
            if (!nullsLast) {
                keyword("first");
            }
        }
        return new Order(field, descending, nullsLast);
    }

    /** AND and OR stand side by side in parentheses only. */
    private Condition condition() {
        List<Condition> parts = new ArrayList<>();
        parts.add(simple());
        if (isKeyword("and")) {
            while (skipKeyword("and")) {
                parts.add(simple());
            }
            if (isKeyword("or")) {
                throw unexpected(peek());
            }
            return new All(List.copyOf(parts));
        }
        if (isKeyword("or")) {
            while (skipKeyword("or")) {
                parts.add(simple());
            }
            if (isKeyword("and")) {
                throw unexpected(peek());
            }
            return new Any(List.copyOf(parts));
        }
        return parts.get(0);
    }

    private Condition simple() {
        if (skipKeyword("not")) {
            return new Not(simple());
        }
        if (skipSymbol("(")) {
            Condition inner = condition();
            symbol(")");
            return inner;
        }
        String field = name();
        if (isSymbol("(")) {
            throw beyond("a function in WHERE");
        }
        Token operator = next();
        String word = operator.text().toUpperCase(Locale.ROOT);
        if (operator.type() == TokenType.SYMBOL
                && Set.of("=", "!=", "<", "<=", ">", ">=").contains(word)) {
            return new Compare(field, word, List.of(literal()));
        }
        if (operator.type() == TokenType.IDENTIFIER) {
            switch (word) {
                case "LIKE" -> {
                    return new Compare(field, word, List.of(literal()));
                }
                case "IN" -> {
                    return new Compare(field, word, literals());
                }
                case "NOT" -> {
                    keyword("in");
                    return new Compare(field, "NOT IN", literals());
                }
                case "INCLUDES", "EXCLUDES" -> throw beyond(word);
                default -> {
                    // falls to the error below
                }
            }
        }
        throw unexpected(operator);
    }

    private List<Literal> literals() {
        symbol("(");
        if (isKeyword("select")) {
            throw beyond("a semi-join");
        }
        List<Literal> literals = new ArrayList<>();
        do {
            literals.add(literal());
        } while (skipSymbol(","));
        symbol(")");
        return List.copyOf(literals);
    }

    private Literal literal() {
        Token token = next();
        return switch (token.type()) {
            case STRING, NUMBER, BOOLEAN, NULL, DATE, DATETIME -> new Literal(token.type(), token.text());
            case IDENTIFIER -> {
                if (token.text().matches("(?i)TODAY|YESTERDAY|TOMORROW|(?:LAST|NEXT|THIS)_\\w+")) {
                    throw beyond("the date literal " + token.text());
                }
                throw unexpected(token);
            }
            default -> throw unexpected(token);
        };
    }

    private String name() {
        Token token = next();
        if (token.type() != TokenType.IDENTIFIER
                || RESERVED.contains(token.text().toLowerCase(Locale.ROOT))) {
            if (token.text().equalsIgnoreCase("typeof")) {
                throw beyond("TYPEOF");
            }
            throw unexpected(token);
        }
        return token.text();
    }

    private Token peek() {
        return tokens.get(at);
    }

    private Token next() {
        Token token = tokens.get(at);
        if (token.type() != TokenType.END) {
            at++;
        }
        return token;
    }

    private boolean isKeyword(String word) {
        return peek().type() == TokenType.IDENTIFIER && peek().text().equalsIgnoreCase(word);
    }

    private boolean skipKeyword(String word) {
        boolean found = isKeyword(word);
        if (found) {
            at++;
        }
        return found;
    }

    private void keyword(String word) {
        if (!skipKeyword(word)) {
            throw unexpected(peek());
        }
    }

    private boolean isSymbol(String symbol) {
        return peek().type() == TokenType.SYMBOL && peek().text().equals(symbol);
    }

    private boolean skipSymbol(String symbol) {
        boolean found = isSymbol(symbol);
        if (found) {
            at++;
        }
        return found;
    }

    private void symbol(String symbol) {
        if (!skipSymbol(symbol)) {
            throw unexpected(peek());
        }
    }

    private SalesforceRefusal unexpected(Token token) {
        return malformed("unexpected token: '" + token.text() + "'", token.column());
    }

    private static SalesforceRefusal malformed(String message, int column) {
        return SalesforceRefusal.bad("MALFORMED_QUERY", "ERROR at Row:1:Column:" + (column + 1) + "\n" + message);
    }

    private static SalesforceRefusal beyond(String what) {
        return SalesforceRefusal.of(501, "SIMULATOR", "the simulator's SOQL has no " + what);
    }
}
