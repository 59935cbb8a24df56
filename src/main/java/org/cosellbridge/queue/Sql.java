package org.cosellbridge.queue;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Query;
import jakarta.transaction.Transactional;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Native statements in the transaction of the caller. The queue lives by conditional updates whose row counts decide, which no
 * object mapping expresses. Statements have {@code ?} for each argument: text, numbers, booleans and instants.
 *
 * <p>Both persistence providers and both databases disagree on how an untyped null and an instant are bound. So a null stands in
 * the statement as a literal, and an instant travels as ISO text with a cast.
 */
@Singleton
@Transactional
class Sql {
    private final EntityManager entityManager;

    @Inject
    Sql(EntityManager entityManager) {
        this.entityManager = entityManager;
    }

    /** Runs a statement that changes rows and answers how many it changed. */
    int update(String statement, @Nullable Object... arguments) {
        return query(statement, arguments).executeUpdate();
    }

    /** The rows of a query. */
    List<Row> list(String statement, @Nullable Object... arguments) {
        List<Row> rows = new ArrayList<>();
        for (Object row : query(statement, arguments).getResultList()) {
            rows.add(new Row(row instanceof Object[] columns ? columns : new Object[] {row}));
        }
        return rows;
    }

    /** The first row of a query. */
    Optional<Row> findFirst(String statement, @Nullable Object... arguments) {
        return list(statement, arguments).stream().findFirst();
    }

    /** The number in the only column of the only row of a query. */
    long count(String statement, @Nullable Object... arguments) {
        return findFirst(statement, arguments).orElseThrow().number(0);
    }

    private Query query(String statement, @Nullable Object... arguments) {
        StringBuilder numbered = new StringBuilder();
        List<Object> bound = new ArrayList<>();
        int from = 0;
        for (Object argument : arguments) {
            int mark = statement.indexOf('?', from);
            numbered.append(statement, from, mark);
            from = mark + 1;
            if (argument == null || argument instanceof Boolean) {
                numbered.append(argument);
            } else if (argument instanceof Instant instant) {
                bound.add(instant.toString());
                numbered.append("cast(?").append(bound.size()).append(" as timestamp(6) with time zone)");
            } else {
                bound.add(argument);
                numbered.append('?').append(bound.size());
            }
        }
        numbered.append(statement, from, statement.length());
        Query query = entityManager.createNativeQuery(numbered.toString());
        for (int i = 0; i < bound.size(); i++) {
            query.setParameter(i + 1, bound.get(i));
        }
        return query;
    }

    /**
     * One row of a result; columns count from 0.
     *
     * @param columns as the driver and the provider made them
     */
    record Row(@Nullable Object[] columns) {
        /** The text in a column that is never null. */
        String text(int column) {
            return findText(column).orElseThrow(() -> new IllegalStateException("Column " + column + " is null."));
        }

        /** The text in a column. */
        Optional<String> findText(int column) {
            return Optional.ofNullable(columns[column]).map(Object::toString);
        }

        /** The text in a column, or null. */
        @Nullable
        String textOrNull(int column) {
            return findText(column).orElse(null);
        }

        /** The whole number in a column, 0 when it is null. */
        long number(int column) {
            return columns[column] instanceof Number number ? number.longValue() : 0;
        }

        /** The boolean in a column, false when it is null. */
        boolean flag(int column) {
            return Boolean.TRUE.equals(columns[column]);
        }

        /** The time in a column that is never null. */
        Instant time(int column) {
            return findTime(column).orElseThrow(() -> new IllegalStateException("Column " + column + " is null."));
        }

        /** The time in a column, or null. */
        @Nullable
        Instant timeOrNull(int column) {
            return findTime(column).orElse(null);
        }

        /** The time in a column, whatever type the driver gives it. */
        Optional<Instant> findTime(int column) {
            Object value = columns[column];
            if (value == null) {
                return Optional.empty();
            }
            // an Instant, an OffsetDateTime or a ZonedDateTime
            if (value instanceof TemporalAccessor time) {
                return Optional.of(Instant.from(time));
            }
            if (value instanceof Timestamp time) {
                return Optional.of(time.toInstant());
            }
            throw new IllegalStateException("A time came back as " + value.getClass() + ".");
        }
    }
}
