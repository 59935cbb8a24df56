package org.cosellbridge.http;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import jakarta.transaction.Transactional.TxType;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The permits and pauses that all nodes share. Every method is a short transaction of its own. All times are the database's: the
 * clocks of two nodes may differ, the window may not.
 *
 * <p>Permits are counted by the second. Before one is given the row of the system is locked and the permits of the window are
 * summed, over two seconds more than the window is long: one because the oldest second is only partly inside the window, one
 * because a call reaches the other side a little after its permit was given.
 */
@Singleton
@Transactional
class BrakeRepository {
    private static final int SPARE_SECONDS = 1;
    private final EntityManager entityManager;

    @Inject
    BrakeRepository(EntityManager entityManager) {
        this.entityManager = entityManager;
    }

    /** Takes one permit; {@code limit} null: the system has no limit, only a pause can hold the call. */
    @Transactional(TxType.REQUIRES_NEW)
    public Verdict take(String system, @Nullable Limit limit, int rank) {
        Watch watch = new Watch();
        if (limit == null) {
            return pause(system, watch).<Verdict>map(Paused::new).orElseGet(Granted::new);
        }
        lock(system);
        Optional<Duration> pause = pause(system, watch);
        if (pause.isPresent()) {
            return new Paused(pause.get());
        }
        BigDecimal now = watch.now();
        long second = now.longValue();
        long oldest = second - limit.seconds() - SPARE_SECONDS;
        int share = limit.share(rank);
        long used = used(system, oldest);
        if (used >= share) {
            return new Full(untilFree(system, oldest, used, share, limit, now));
        }
        int updated = entityManager
                .createNativeQuery("update http_permit set used = used + 1 where system_name = ?1 and bucket = ?2")
                .setParameter(1, system)
                .setParameter(2, second)
                .executeUpdate();
        if (updated == 0) {
            entityManager
                    .createNativeQuery("insert into http_permit (system_name, bucket, used) values (?1, ?2, 1)")
                    .setParameter(1, system)
                    .setParameter(2, second)
                    .executeUpdate();
            entityManager
                    .createNativeQuery("delete from http_permit where system_name = ?1 and bucket < ?2")
                    .setParameter(1, system)
                    .setParameter(2, oldest)
                    .executeUpdate();
        }
        return new Granted();
    }

    /** Nobody calls the system for so long from now on; a longer pause that runs already stays. */
    @Transactional(TxType.REQUIRES_NEW)
    public void pause(String system, Duration wait) {
        create(system);
        BigDecimal until = new Watch().now().add(seconds(wait));
        entityManager
                .createNativeQuery("update http_system set paused_until = ?1"
                        + " where system_name = ?2 and (paused_until is null or paused_until < ?1)")
                .setParameter(1, instant(until).atOffset(ZoneOffset.UTC))
                .setParameter(2, system)
                .executeUpdate();
    }

    /** How long the pause of this system still runs. */
    @Transactional(TxType.REQUIRES_NEW)
    public Optional<Duration> findPause(String system) {
        return pause(system, new Watch());
    }

    /** How many permits of the window are taken. */
    @Transactional(TxType.REQUIRES_NEW)
    public int used(String system, Limit limit) {
        return (int) used(system, new Watch().now().longValue() - limit.seconds() - SPARE_SECONDS);
    }

    /** Every system that ever was paused or took a permit, sorted. */
    @Transactional(TxType.REQUIRES_NEW)
    public List<String> listSystems() {
        List<?> names = entityManager
                .createNativeQuery("select system_name from http_system order by system_name")
                .getResultList();
        return names.stream().map(String::valueOf).toList();
    }

    /** By an update and not by a select: a persistence provider may read with another connection than it writes with. */
    private void lock(String system) {
        String lock = "update http_system set paused_until = paused_until where system_name = ?1";
        if (entityManager.createNativeQuery(lock).setParameter(1, system).executeUpdate() == 0) {
            create(system);
            if (entityManager.createNativeQuery(lock).setParameter(1, system).executeUpdate() == 0) {
                throw new IllegalStateException("The state of " + system + " could not be stored.");
            }
        }
    }

    private void create(String system) {
        entityManager
                .createNativeQuery("insert into http_system (system_name) values (?1) on conflict do nothing")
                .setParameter(1, system)
                .executeUpdate();
    }

    private Optional<Duration> pause(String system, Watch watch) {
        List<?> rows = entityManager
                .createNativeQuery("select extract(epoch from paused_until) from http_system where system_name = ?1")
                .setParameter(1, system)
                .getResultList();
        return rows.stream()
                .filter(until -> until != null)
                .map(until -> duration(number(until).subtract(watch.now())))
                .filter(left -> !left.isNegative() && !left.isZero())
                .findFirst();
    }

    private long used(String system, long oldest) {
        return number(entityManager
                        .createNativeQuery(
                                "select coalesce(sum(used), 0) from http_permit where system_name = ?1 and bucket >= ?2")
                        .setParameter(1, system)
                        .setParameter(2, oldest)
                        .getSingleResult())
                .longValue();
    }

    private Duration untilFree(String system, long oldest, long used, int share, Limit limit, BigDecimal now) {
        List<?> rows = entityManager
                .createNativeQuery(
                        "select bucket, used from http_permit where system_name = ?1 and bucket >= ?2 order by bucket")
                .setParameter(1, system)
                .setParameter(2, oldest)
                .getResultList();
        long left = used;
        for (Object row : rows) {
            Object[] columns = (Object[]) row;
            left -= number(columns[1]).longValue();
            if (left < share) {
                long free = number(columns[0]).longValue() + limit.seconds() + SPARE_SECONDS + 1;
                return duration(BigDecimal.valueOf(free).subtract(now));
            }
        }
        return limit.window();
    }

    private static BigDecimal number(@Nullable Object column) {
        return new BigDecimal(String.valueOf(column));
    }

    private static BigDecimal seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toNanos(), 9);
    }

    private static Duration duration(BigDecimal seconds) {
        return Duration.ofNanos(seconds.movePointRight(9).longValue());
    }

    private static Instant instant(BigDecimal epoch) {
        BigDecimal micros = epoch.movePointRight(6).setScale(0, RoundingMode.CEILING);
        return Instant.EPOCH.plus(Duration.ofNanos(micros.longValueExact() * 1000));
    }

    /**
     * The database's time. Within a transaction it stands still on both databases, so what has passed since, waiting for the
     * lock above all, is added from this machine's stopwatch.
     */
    private final class Watch {
        private final BigDecimal start;
        private final long startedAt;

        Watch() {
            start = number(entityManager
                    .createNativeQuery("select extract(epoch from current_timestamp)")
                    .getSingleResult());
            startedAt = System.nanoTime();
        }

        BigDecimal now() {
            return start.add(BigDecimal.valueOf(System.nanoTime() - startedAt, 9));
        }
    }

    /**
     * How often a system may be called.
     *
     * @param calls how many calls
     * @param window in which time; counted in whole seconds, rounded up
     */
    record Limit(int calls, Duration window) {
        Limit {
            if (calls < 1 || window.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("A limit is at least one call and one second.");
            }
        }

        long seconds() {
            return window.toSeconds() + (window.toNanosPart() > 0 ? 1 : 0);
        }

        /** How full the window may be for a call of this rank to get a permit. */
        int share(int rank) {
            if (rank >= 3) {
                return Math.max(1, calls / 2);
            }
            return rank == 2 ? Math.max(1, (int) (calls * 9L / 10)) : calls;
        }
    }

    /** Whether the call may be made. */
    sealed interface Verdict {}

    /** It may. */
    record Granted() implements Verdict {}

    /** The window is full for calls of this rank; a permit is free after {@code delay}. */
    record Full(Duration delay) implements Verdict {}

    /** The system asked not to be called for {@code delay}. */
    record Paused(Duration delay) implements Verdict {}
}
